#include "worker/settings.h"

#include <cstdint>

#include "shared/domain/order.h"
#include "shared/program/housekeeping_settings.h"
#include "shared/program/settings_error.h"
#include "shared/storage/worker_store.h"

namespace orders {

std::optional<WorkerSettings> read_worker_settings(SettingsReader& reader, int argc,
                                                   const char* const* argv) {
    using std::chrono::seconds;
    constexpr auto longest_lease = std::chrono::duration_cast<seconds>(longest_lease_time);

    const CommonSettingsReader common(reader);
    const auto name = reader.optional_text(
        {"worker-name", "SERVICE_WORKER_NAME",
         "what healthcheck and the log call it; no two workers that live may share one"});
    const auto threads = reader.integer(
        {"worker-count", "SERVICE_WORKER_COUNT", "how many orders are processed at a time"}, 10,
        {1, 1'024, "threads"});
    const auto timeout =
        reader.integer({"order-process-timeout", "SERVICE_ORDER_PROCESS_TIMEOUT",
                        "an order that does not say otherwise is Failed if it takes longer"},
                       5, {1, 86'400, "seconds"});
    const auto interval = reader.integer(
        {"report-interval", "SERVICE_REPORT_INTERVAL", "how often to log the status report"}, 2,
        {1, 86'400, "seconds"});
    const auto lease =
        reader.integer({"lease-seconds", "SERVICE_LEASE_SECONDS",
                        "how long a worker may hang before its orders are taken back"},
                       10, {1, longest_lease.count(), "seconds"});
    const auto max_attempts =
        reader.integer({"max-attempts", "SERVICE_MAX_ATTEMPTS",
                        "an order that does not say otherwise is Failed after so many attempts"},
                       5, {1, 1'000, "attempts"});
    const auto time_unit =
        reader.integer({"time-unit-ms", "SERVICE_TIME_UNIT_MS",
                        "how long one unit of processing_time lasts; 0 makes every order instant"},
                       1'000, {0, 60'000, "milliseconds"});
    const auto drain = reader.integer({"drain-seconds", "SERVICE_DRAIN_SECONDS",
                                       "how long a stopping worker gives its orders to finish"},
                                      10, {0, 600, "seconds"});
    const auto backoff =
        reader.integer({"backoff-seconds", "SERVICE_BACKOFF_SECONDS",
                        "about how long an order waits before its second attempt; each further "
                        "wait is twice as long, up to an hour"},
                       10, {1, AttemptOptions::longest_backoff_base.count(), "seconds"});
    const auto normal_max_wait =
        reader.integer({"normal-max-wait", "SERVICE_NORMAL_MAX_WAIT",
                        "once a Normal order has waited this long, every fourth one that is begun "
                        "is Normal; 0 is High first, always"},
                       0, {0, 31'536'000, "seconds"});
    const HousekeepingSettingsReader housekeeping(reader, "SERVICE");
    if (reader.parse(argc, argv) != SettingsReader::Outcome::run) return std::nullopt;
    if (name.value() && !OrderId::parse(*name.value())) {
        throw SettingsError("--worker-name (SERVICE_WORKER_NAME): '" + *name.value() +
                            "' is not 1 to 64 letters, digits and . _ : ~ -, beginning with a "
                            "letter or digit");
    }
    return WorkerSettings{.common = common.values(),
                          .worker_name = name.value(),
                          .threads = static_cast<int>(threads.value()),
                          .order_timeout = seconds(timeout.value()),
                          .report_interval = seconds(interval.value()),
                          .lease_time = seconds(lease.value()),
                          .max_attempts = static_cast<int>(max_attempts.value()),
                          .time_unit = std::chrono::milliseconds(time_unit.value()),
                          .drain_limit = seconds(drain.value()),
                          .backoff = seconds(backoff.value()),
                          .normal_max_wait = seconds(normal_max_wait.value()),
                          .retention = housekeeping.values()};
}

}  // namespace orders
