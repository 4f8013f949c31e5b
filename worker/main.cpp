// order-worker: claims orders by priority, processes them, and reports how many are in each status.

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <random>
#include <stop_token>
#include <string>

#include "shared/log/log.h"
#include "shared/os/system_clock.h"
#include "shared/os/wake_signal.h"
#include "shared/program/common_settings.h"
#include "shared/program/run_program.h"
#include "shared/program/settings_reader.h"
#include "shared/program/stop_signals.h"
#include "shared/program/store_commands.h"
#include "shared/storage/open_store.h"
#include "shared/storage/store_error.h"
#include "shared/wake/doorbell.h"
#include "worker/dispatcher.h"
#include "worker/processing_pool.h"
#include "worker/processors/simulated.h"
#include "worker/reporter.h"

namespace {

using namespace orders;

// Work that takes exactly the timeout is in time, though its thread wakes a little later.
constexpr std::chrono::milliseconds timeout_margin{100};

std::string host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
    return name.data();
}

// Unique among all workers there ever were: a container's host name and process id come again.
std::string worker_name(const std::string& host) {
    std::random_device random;
    std::array<char, 16> suffix{};
    std::snprintf(suffix.data(), suffix.size(), "%08x", random());
    return host + "-" + std::to_string(::getpid()) + "-" + suffix.data();
}

int check_health(const std::string& location, const std::string& host) {
    const auto workers = open_order_reader(location)->report(SystemClock().now()).workers;
    if (std::ranges::find(workers, host, &LiveWorker::host) != workers.end()) return exit_ok;
    std::fprintf(stderr, "order-worker: no worker of this host has shown a sign of life in time\n");
    return exit_failure;
}

void run_until_stopped(Dispatcher& dispatcher, const std::stop_token& stop) {
    try {
        dispatcher.run(stop);
    } catch (const StoreError& error) {
        log::error("the store has failed", {{"detail", error.what()}});
        // The pool waits for its threads; from here on it does so for a limited time only.
        ::kill(::getpid(), SIGTERM);
        throw;
    }
}

int run(int argc, const char* const* argv) {
    SettingsReader reader("order-worker", "Claims orders, processes them and reports on them.");
    const CommonSettings common(reader);
    const auto threads =
        reader.integer({"worker-count", "SERVICE_WORKER_COUNT", "orders processed at a time"}, 10,
                       {1, 1'024, "threads"});
    const auto timeout = reader.integer({"order-process-timeout", "SERVICE_ORDER_PROCESS_TIMEOUT",
                                         "an order that takes longer has Failed"},
                                        5, {1, 86'400, "seconds"});
    const auto interval = reader.integer(
        {"report-interval", "SERVICE_REPORT_INTERVAL", "how often to log the status report"}, 2,
        {1, 86'400, "seconds"});
    const auto lease = reader.integer({"lease-seconds", "SERVICE_LEASE_SECONDS",
                                       "how long after its death a worker's orders come back"},
                                      10, {1, 3'600, "seconds"});
    const auto max_attempts =
        reader.integer({"max-attempts", "SERVICE_MAX_ATTEMPTS",
                        "an order whose worker died this many times has Failed"},
                       5, {1, 1'000, "attempts"});
    const auto time_unit = reader.integer({"time-unit-ms", "SERVICE_TIME_UNIT_MS",
                                           "what one unit of processing_time lasts; 0 is instant"},
                                          1'000, {0, 60'000, "milliseconds"});
    const auto drain = reader.integer({"drain-seconds", "SERVICE_DRAIN_SECONDS",
                                       "how long a stopping worker lets its orders finish"},
                                      10, {0, 600, "seconds"});
    constexpr std::int64_t ten_years = 3'650 * 86'400LL;
    const auto keep_processed =
        reader.integer({"keep-processed-seconds", "SERVICE_KEEP_PROCESSED_SECONDS",
                        "how long after its end a Processed order is deleted; 0 keeps it for ever"},
                       0, {0, ten_years, "seconds"});
    const auto keep_failed =
        reader.integer({"keep-failed-seconds", "SERVICE_KEEP_FAILED_SECONDS",
                        "how long after its end a Failed order is deleted; 0 keeps it for ever"},
                       0, {0, ten_years, "seconds"});
    reader.command("healthcheck", "exit with 0 if a worker of this host is live, else with 1");
    reader.command("backup",
                   "copy the orders to a new file, at any time; it can be opened as a database",
                   "FILE");
    reader.command("verify", "check all that is stored, at any time; exit with 0 if it is sound");
    if (reader.parse(argc, argv) != SettingsReader::Outcome::run) return exit_ok;
    const std::string host = host_name();
    const std::string& location = common.store_location();
    if (reader.given_command() == "healthcheck") return check_health(location, host);
    if (reader.given_command() == "backup") {
        return back_up_store(location, reader.given_argument());
    }
    if (reader.given_command() == "verify") return verify_store(location);

    common.configure_log();
    block_stop_signals();
    const std::chrono::seconds drain_limit(drain.value());
    const auto thread_count = static_cast<int>(threads.value());

    std::stop_source stop;
    WakeSignal wake;
    const StopSignals signals(
        [&] {
            stop.request_stop();
            wake.notify();
        },
        drain_limit + margin_after_drain);

    const SystemClock clock;
    const auto store = open_order_store(location);
    Doorbell doorbell(doorbell_path(location));
    DoorbellWatch watch(doorbell_path(location));
    SimulatedProcessor processor{std::chrono::milliseconds(time_unit.value())};
    ProcessingPool pool(processor, static_cast<std::size_t>(thread_count),
                        std::chrono::seconds(timeout.value()) + timeout_margin, wake);
    Dispatcher dispatcher(
        *store, pool, doorbell, watch, wake, clock,
        {.worker = {.name = worker_name(host), .host = host, .threads = thread_count},
         .lease_time = std::chrono::seconds(lease.value()),
         .max_attempts = static_cast<int>(max_attempts.value()),
         .drain_limit = drain_limit,
         .retention = {.keep_processed = std::chrono::seconds(keep_processed.value()),
                       .keep_failed = std::chrono::seconds(keep_failed.value())}});
    {
        const Reporter reporter(open_order_reader(location), clock,
                                std::chrono::seconds(interval.value()));
        run_until_stopped(dispatcher, stop.get_token());
    }
    log::info("stopped");
    return exit_ok;
}

}  // namespace

int main(int argc, char** argv) {
    return orders::run_program("order-worker", [&] { return run(argc, argv); });
}
