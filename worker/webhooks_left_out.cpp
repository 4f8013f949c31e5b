#include <stdexcept>

#include "shared/program/settings_error.h"
#include "worker/webhooks.h"

namespace orders {
namespace {

constexpr char left_out[] =
    "this order-worker was built without webhooks; use the image worker-webhook, or build it with "
    "-DORDERS_WEBHOOKS=ON";

}  // namespace

WebhookOptions webhook_options(const WebhookSettings& settings) {
    throw SettingsError(std::string(settings.file ? webhook_setting::file : webhook_setting::url) +
                        ": " + left_out);
}

// NOLINTBEGIN(performance-unnecessary-value-param): as where webhooks are not left out
std::unique_ptr<OrderProcessor> make_webhook_processor(WebhookOptions /*options*/,
                                                       std::function<void()> /*on_capacity*/) {
    // NOLINTEND(performance-unnecessary-value-param)
    throw std::logic_error(left_out);
}

}  // namespace orders
