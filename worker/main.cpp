// order-worker: claims orders by priority, processes them, and reports how many are in each status.

#include <signal.h>
#include <unistd.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>

#include "shared/log/log.h"
#include "shared/os/wake_signal.h"
#include "shared/program/run_program.h"
#include "shared/program/settings_reader.h"
#include "shared/program/stop_signals.h"
#include "shared/program/store_commands.h"
#include "shared/storage/open_storage.h"
#include "shared/storage/store_error.h"
#include "worker/dispatcher.h"
#include "worker/identity.h"
#include "worker/processing_pool.h"
#include "worker/processors/simulated.h"
#include "worker/reporter.h"
#include "worker/settings.h"

namespace {

using namespace orders;

// Work that takes exactly the timeout is in time, though its thread wakes a little later.
constexpr std::chrono::milliseconds timeout_margin{100};

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

int work(const WorkerSettings& settings, Storage& storage) {
    block_stop_signals();
    std::stop_source stop;
    WakeSignal wake;
    const StopSignals signals(
        [&] {
            stop.request_stop();
            wake.notify();
        },
        settings.drain_limit + margin_after_drain);

    const std::unique_ptr<WorkerStore> store = storage.open_worker();
    const std::unique_ptr<WorkWatch> watch = storage.open_watch();
    SimulatedProcessor processor(settings.time_unit);
    ProcessingPool pool(processor, static_cast<std::size_t>(settings.threads),
                        settings.order_timeout + timeout_margin, wake);
    Dispatcher dispatcher(*store, pool, *watch, wake,
                          {.worker = describe_worker(settings.threads),
                           .lease_time = settings.lease_time,
                           .max_attempts = settings.max_attempts,
                           .drain_limit = settings.drain_limit,
                           .retention = {.keep_processed = settings.keep_processed,
                                         .keep_failed = settings.keep_failed}});
    {
        const Reporter reporter(storage.open_reader(), settings.report_interval);
        run_until_stopped(dispatcher, stop.get_token());
    }
    log::info("stopped");
    return exit_ok;
}

int run(int argc, const char* const* argv) {
    SettingsReader reader("order-worker", "Claims orders, processes them and reports on them.");
    reader.command("healthcheck", "exits with 0 if a worker of this host is live, else with 1");
    declare_store_commands(reader);
    const std::optional<WorkerSettings> settings = read_worker_settings(reader, argc, argv);
    if (!settings) return exit_ok;
    begin_log(settings->common, reader);

    const std::unique_ptr<Storage> storage = open_storage(settings->common.store_location);
    if (reader.given_command() == "healthcheck") return check_worker_health(*storage);
    if (const auto status = run_store_command(reader, *storage)) return *status;
    return work(*settings, *storage);
}

}  // namespace

int main(int argc, char** argv) {
    return orders::run_program("order-worker", [&] { return run(argc, argv); });
}
