#pragma once

// The way into webhooks: makes options of the settings, and a processor of the options. In a
// program that was built without webhooks (ORDERS_WEBHOOKS=OFF), which needs no libcurl,
// webhooks_left_out.cpp takes the place of webhooks.cpp.

#include <functional>
#include <memory>

#include "worker/processors/order_processor.h"
#include "worker/processors/webhook/webhook_options.h"
#include "worker/webhook_settings.h"

namespace orders {

// With what the settings say of webhooks, and defaults for the rest. For settings that are given
// (WebhookSettings::are_given). Throws SettingsError, which never quotes a secret.
[[nodiscard]] WebhookOptions webhook_options(const WebhookSettings& settings);

// Logs where the orders go, and what is unsafe about that. `on_capacity` is WebhookProcessor's.
// Throws std::runtime_error.
[[nodiscard]] std::unique_ptr<OrderProcessor> make_webhook_processor(
    WebhookOptions options, std::function<void()> on_capacity);

}  // namespace orders
