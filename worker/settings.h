#pragma once

// The settings of order-worker, by flag and environment variable: README.md lists them all.

#include <chrono>
#include <optional>
#include <string>

#include "shared/housekeeping/retention.h"
#include "shared/program/common_settings.h"
#include "shared/program/settings_reader.h"

namespace orders {

struct WorkerSettings {
    CommonSettings common;
    std::optional<std::string> worker_name;
    int threads;
    std::chrono::seconds order_timeout;
    std::chrono::seconds report_interval;
    std::chrono::seconds lease_time;
    int max_attempts;
    std::chrono::milliseconds time_unit;  // 0: every order is instant
    std::chrono::seconds drain_limit;
    std::chrono::seconds backoff;
    std::chrono::seconds normal_max_wait;  // 0: High first, always
    RetentionOptions retention;
};

// Declares the settings, and reads them and the command. Empty if --help or --version was answered
// instead. Throws SettingsError.
[[nodiscard]] std::optional<WorkerSettings> read_worker_settings(SettingsReader& reader, int argc,
                                                                 const char* const* argv);

}  // namespace orders
