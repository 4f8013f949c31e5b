#include "worker/settings.h"

#include <cstdint>
#include <utility>

#include "shared/domain/order.h"
#include "shared/program/housekeeping_settings.h"
#include "shared/program/settings_error.h"
#include "shared/storage/worker_store.h"

namespace orders {

namespace {

constexpr std::int64_t default_orders_at_once = 10;

// Empty if it has its default.
template <typename T>
std::optional<T> given(const Setting<std::int64_t>& setting) {
    if (!setting.is_given()) return std::nullopt;
    return T(setting.value());
}

}  // namespace

AttemptLimits WorkerSettings::limits(const AttemptLimits& defaults) const {
    AttemptLimits limits = defaults;
    if (order_timeout) limits.timeout = *order_timeout;
    if (max_attempts) limits.max_attempts = *max_attempts;
    if (backoff) limits.backoff = *backoff;
    return limits;
}

ThreadedOptions WorkerSettings::threaded() const {
    const std::size_t threads = orders_at_once.value_or(default_orders_at_once);
    if (threads > ThreadedProcessor::max_threads) {
        throw SettingsError("--worker-count (SERVICE_WORKER_COUNT): " + std::to_string(threads) +
                            " threads are too many; at most " +
                            std::to_string(ThreadedProcessor::max_threads) +
                            " orders at once can have one each");
    }
    return {.threads = threads, .defaults = limits()};
}

std::optional<WorkerSettings> read_worker_settings(SettingsReader& reader, int argc,
                                                   const char* const* argv) {
    using std::chrono::seconds;
    constexpr auto longest_lease = std::chrono::duration_cast<seconds>(longest_lease_time);

    const CommonSettingsReader common(reader);
    const auto name = reader.optional_text(
        {"worker-name", "SERVICE_WORKER_NAME",
         "what healthcheck and the log call it; no two workers that live may share one"});
    const auto simulate =
        reader.list({"simulate", "SERVICE_SIMULATE",
                     "the kinds of orders that are only simulated; an order of any other kind is "
                     "left to other workers"},
                    "kinds, or '*' for all that nothing else takes, or 'none'", "*");
    const auto orders_at_once = reader.integer(
        {"worker-count", "SERVICE_WORKER_COUNT", "how many orders are processed at a time"},
        default_orders_at_once, {1, 10'000, "orders"});
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
    KindChoice kinds;
    kinds.simulate(simulate.value());
    return WorkerSettings{.common = common.values(),
                          .worker_name = name.value(),
                          .kinds = std::move(kinds),
                          .orders_at_once = given<std::size_t>(orders_at_once),
                          .order_timeout = given<seconds>(timeout),
                          .max_attempts = given<int>(max_attempts),
                          .backoff = given<seconds>(backoff),
                          .report_interval = seconds(interval.value()),
                          .lease_time = seconds(lease.value()),
                          .time_unit = std::chrono::milliseconds(time_unit.value()),
                          .drain_limit = seconds(drain.value()),
                          .normal_max_wait = seconds(normal_max_wait.value()),
                          .retention = housekeeping.values()};
}

}  // namespace orders
