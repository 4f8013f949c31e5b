#include "worker/settings.h"

#include <cstdint>
#include <utility>

#include "shared/domain/order.h"
#include "shared/program/attempt_settings.h"
#include "shared/program/housekeeping_settings.h"
#include "shared/program/settings_error.h"
#include "shared/storage/worker_store.h"
#include "worker/webhooks.h"

namespace orders {
namespace {

constexpr std::int64_t default_orders_at_once = 10;

// Empty if it has its default.
std::optional<std::size_t> given(const Setting<std::int64_t>& setting) {
    if (!setting.is_given()) return std::nullopt;
    return static_cast<std::size_t>(setting.value());
}

void take_webhooks(WorkerSettings& settings, const WebhookSettings& given) {
    if (!given.are_given()) return;
    WebhookOptions options = webhook_options(given);
    for (const WebhookTarget& target : options.targets) {
        settings.kinds.take(webhook_setting::url, target.kind);
    }
    if (settings.orders_at_once) options.max_orders = *settings.orders_at_once;
    options.defaults = settings.limits.over(options.defaults);
    settings.webhooks = std::move(options);
}

}  // namespace

ThreadedOptions WorkerSettings::threaded() const {
    const std::size_t threads = orders_at_once.value_or(default_orders_at_once);
    if (threads > ThreadedProcessor::max_threads) {
        throw SettingsError("--worker-count (SERVICE_WORKER_COUNT): " + std::to_string(threads) +
                            " threads are too many; at most " +
                            std::to_string(ThreadedProcessor::max_threads) +
                            " orders at once can have one each");
    }
    return {.threads = threads, .defaults = limits.over({})};
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
    const WebhookSettingsReader webhooks(reader);
    const CommandSettingsReader commands(reader);
    const auto orders_at_once = reader.integer(
        {"worker-count", "SERVICE_WORKER_COUNT", "how many orders are processed at a time"},
        default_orders_at_once, {1, 10'000, "orders"});
    const AttemptSettingsReader attempts(reader, "SERVICE", seconds(5));
    const auto interval = reader.integer(
        {"report-interval", "SERVICE_REPORT_INTERVAL", "how often to log the status report"}, 2,
        {1, 86'400, "seconds"});
    const auto lease =
        reader.integer({"lease-seconds", "SERVICE_LEASE_SECONDS",
                        "how long a worker may hang before its orders are taken back"},
                       10, {1, longest_lease.count(), "seconds"});
    const auto time_unit =
        reader.integer({"time-unit-ms", "SERVICE_TIME_UNIT_MS",
                        "how long one unit of processing_time lasts; 0 makes every order instant"},
                       1'000, {0, 60'000, "milliseconds"});
    const auto drain = reader.integer({"drain-seconds", "SERVICE_DRAIN_SECONDS",
                                       "how long a stopping worker gives its orders to finish"},
                                      10, {0, 600, "seconds"});
    const HousekeepingSettingsReader housekeeping(reader, "SERVICE");
    if (reader.parse(argc, argv) != SettingsReader::Outcome::run) return std::nullopt;
    if (name.value() && !OrderId::parse(*name.value())) {
        throw SettingsError("--worker-name (SERVICE_WORKER_NAME): '" + *name.value() +
                            "' is not 1 to 64 letters, digits and . _ : ~ -, beginning with a "
                            "letter or digit");
    }
    WorkerSettings settings{.common = common.values(),
                            .worker_name = name.value(),
                            .orders_at_once = given(orders_at_once),
                            .limits = attempts.limits(),
                            .report_interval = seconds(interval.value()),
                            .lease_time = seconds(lease.value()),
                            .time_unit = std::chrono::milliseconds(time_unit.value()),
                            .drain_limit = seconds(drain.value()),
                            .normal_max_wait = attempts.normal_max_wait(),
                            .retention = housekeeping.values()};
    // A command does no work, and needs none of the files that these may name.
    if (!reader.given_command().empty()) return settings;
    take_webhooks(settings, webhooks.values());
    settings.commands = commands.values(settings.kinds);
    settings.kinds.simulate(simulate.value());
    return settings;
}

}  // namespace orders
