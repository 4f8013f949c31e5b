#include "worker/settings.h"

#include <cstdint>

#include "shared/domain/order.h"
#include "shared/program/settings_error.h"
#include "shared/storage/worker_store.h"

namespace orders {

std::optional<WorkerSettings> read_worker_settings(SettingsReader& reader, int argc,
                                                   const char* const* argv) {
    using std::chrono::seconds;
    constexpr auto longest_lease = std::chrono::duration_cast<seconds>(longest_lease_time);
    constexpr std::int64_t ten_years = 3'650 * 86'400LL;

    const CommonSettingsReader common(reader);
    const auto name = reader.optional_text(
        {"worker-name", "SERVICE_WORKER_NAME",
         "what healthcheck and the log call it; no two workers that live may share one"});
    const auto threads = reader.integer(
        {"worker-count", "SERVICE_WORKER_COUNT", "how many orders are processed at a time"}, 10,
        {1, 1'024, "threads"});
    const auto timeout = reader.integer({"order-process-timeout", "SERVICE_ORDER_PROCESS_TIMEOUT",
                                         "an order whose processing takes longer is Failed"},
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
                        "an order whose worker has died this many times is Failed"},
                       5, {1, 1'000, "attempts"});
    const auto time_unit =
        reader.integer({"time-unit-ms", "SERVICE_TIME_UNIT_MS",
                        "how long one unit of processing_time lasts; 0 makes every order instant"},
                       1'000, {0, 60'000, "milliseconds"});
    const auto drain = reader.integer({"drain-seconds", "SERVICE_DRAIN_SECONDS",
                                       "how long a stopping worker gives its orders to finish"},
                                      10, {0, 600, "seconds"});
    const auto keep_processed =
        reader.integer({"keep-processed-seconds", "SERVICE_KEEP_PROCESSED_SECONDS",
                        "how long after its end a Processed order is deleted; 0 keeps it for ever"},
                       0, {0, ten_years, "seconds"});
    const auto keep_failed =
        reader.integer({"keep-failed-seconds", "SERVICE_KEEP_FAILED_SECONDS",
                        "how long after its end a Failed order is deleted; 0 keeps it for ever"},
                       0, {0, ten_years, "seconds"});
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
                          .keep_processed = seconds(keep_processed.value()),
                          .keep_failed = seconds(keep_failed.value())};
}

}  // namespace orders
