#pragma once

// The settings of order-worker, by flag and environment variable: README.md lists them all.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "shared/housekeeping/retention.h"
#include "shared/program/attempt_settings.h"
#include "shared/program/common_settings.h"
#include "shared/program/settings_reader.h"
#include "worker/command_settings.h"
#include "worker/kind_choice.h"
#include "worker/processors/threaded.h"
#include "worker/processors/webhook/webhook_options.h"

namespace orders {

struct WorkerSettings {
    CommonSettings common;
    std::optional<std::string> worker_name;
    KindChoice kinds = {};
    std::optional<WebhookOptions> webhooks = {};
    CommandSettings commands = {};
    // These, if they are given, hold for whatever does the work, in place of its own defaults.
    std::optional<std::size_t> orders_at_once;
    GivenLimits limits;
    std::chrono::seconds report_interval;
    std::chrono::seconds lease_time;
    std::chrono::milliseconds time_unit;  // 0: every simulated order is instant
    std::chrono::seconds drain_limit;
    std::chrono::seconds normal_max_wait;  // 0: High first, always
    RetentionOptions retention;

    // For a BlockingProcessor that takes all orders that nothing else takes. Throws SettingsError
    // if more orders at once are given than there may be threads.
    [[nodiscard]] ThreadedOptions threaded() const;
};

// Declares the settings, and reads them and the command. Empty if --help or --version was answered
// instead. Throws SettingsError.
[[nodiscard]] std::optional<WorkerSettings> read_worker_settings(SettingsReader& reader, int argc,
                                                                 const char* const* argv);

}  // namespace orders
