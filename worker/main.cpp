// order-worker: claims orders by priority, processes them, and reports how many are in each status.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "shared/log/log.h"
#include "shared/metrics/work_figures.h"
#include "shared/os/descriptor_limit.h"
#include "shared/os/service_manager.h"
#include "shared/os/wake_signal.h"
#include "shared/program/await_store.h"
#include "shared/program/run_program.h"
#include "shared/program/settings_reader.h"
#include "shared/program/stop_signals.h"
#include "shared/program/store_commands.h"
#include "shared/storage/open_storage.h"
#include "shared/storage/store_error.h"
#include "worker/dispatcher.h"
#include "worker/identity.h"
#include "worker/orders_in_work.h"
#include "worker/processor_choice.h"
#include "worker/processors/command/group_watcher.h"
#include "worker/processors/processors_by_kind.h"
#include "worker/reporter.h"
#include "worker/settings.h"

namespace {

using namespace orders;

// More than it ever has open: standard streams, signals, and the store with its log, locks and
// bells, and a reader of it.
constexpr std::size_t least_descriptors = 64;

// Work that takes exactly the timeout is in time, though its thread wakes a little later.
constexpr std::chrono::milliseconds timeout_margin{100};

// Returns the exit status; calls `on_failure` if it ends by itself. Throws StoreError if the store
// does not take the worker in the first place.
int run_until_stopped(Dispatcher& dispatcher, const std::stop_token& stop,
                      const std::function<void()>& on_failure,
                      const std::optional<Reporter>& reporter) {
    try {
        dispatcher.run(stop);
        return exit_ok;
    } catch (const StoreError& error) {
        on_failure();
        if (!reporter) throw;
        return log_end_of_store(error);
    }
}

// As WorkerTurn::figures.
std::string text_of(const WorkFigures& work, const StoreWork& store) {
    Figures all;
    work.add_to(all);
    store.add_to(all);
    return all.as_text();
}

int work(const WorkerSettings& settings, Storage& storage) {
    ServiceManager manager = ServiceManager::from_environment();
    block_stop_signals();
    // A copy of this process, so before there is a thread, and before the store is open.
    std::optional<GroupWatcher> watcher;
    if (!settings.commands.programs.empty()) watcher.emplace();
    std::stop_source stop;
    std::stop_source hurry;
    WakeSignal wake;
    const auto request = [&wake](std::stop_source& source) {
        source.request_stop();
        wake.notify();
    };
    StopSignals signals({.on_stop =
                             [&] {
                                 request(stop);
                                 manager.tell_stopping();
                             },
                         .on_hurry = [&] { request(hurry); },
                         .drain_limit = settings.drain_limit});

    std::unique_ptr<WorkerStore> store;
    std::unique_ptr<OrderReader> reader;
    StoreIdentity identity;
    await_store([&] {
        store = storage.open_worker();
        reader = storage.open_reader();
        // A store that is too damaged to be read ends the program here, not one report after the
        // other.
        require_readable(*reader);
        identity = reader->identity();
    });
    signals.work_has_begun();
    const std::unique_ptr<HousekeepingStore> housekeeping = storage.open_housekeeping();
    const std::unique_ptr<WorkWatch> work_watch = storage.open_watch();
    const std::unique_ptr<WorkWatch> end_watch = storage.open_end_watch();
    ProcessorsByKind processors;
    const auto figures = std::make_shared<WorkFigures>();
    const ProcessorSurroundings surroundings{.store_id = identity.store_id,
                                             .on_capacity = [&wake] { wake.notify(); },
                                             .watcher = watcher ? &*watcher : nullptr,
                                             .figures = figures};
    add_chosen_processors(processors, settings, surroundings);
    OrdersInWork in_work(processors, timeout_margin, wake);
    WorkerDescription description = describe_worker(in_work.capacity(), settings.worker_name);
    description.kinds = processors.kinds();
    std::optional<Reporter> reporter;
    Dispatcher dispatcher({.store = *store,
                           .housekeeping = *housekeeping,
                           .work_watch = *work_watch,
                           .end_watch = *end_watch,
                           .in_work = in_work,
                           .wake = wake},
                          {.worker = std::move(description),
                           .store = storage.describe(),
                           .lease_time = settings.lease_time,
                           .normal_max_wait = settings.normal_max_wait,
                           .drain_limit = settings.drain_limit,
                           .hurry = hurry.get_token(),
                           .look_interval = storage.look_interval(),
                           .figures = figures,
                           .figures_so_far = [&] { return text_of(*figures, *storage.work()); },
                           .housekeeping = {.retention = settings.retention,
                                            .look_interval = storage.look_interval()},
                           // Not before, because its first report should count this worker.
                           .on_enlisted =
                               [&] {
                                   reporter.emplace(std::move(reader), settings.report_interval);
                                   manager.tell_ready();
                               },
                           .on_turn = [&manager] { manager.feed_watchdog(); }});
    const auto on_failure = [&] {
        manager.tell_stopping();
        // What is in work is waited for; from here on for a limited time only.
        signals.limit_what_is_left();
    };
    const int status = run_until_stopped(dispatcher, stop.get_token(), on_failure, reporter);
    reporter.reset();  // reports once more
    log::info("stopped", {{"status", status}});
    return status;
}

int run(int argc, const char* const* argv) {
    SettingsReader reader("order-worker", "Claims orders, processes them and reports on them.");
    reader.command("healthcheck",
                   "exits with 0 if the worker with --worker-name is live (without: those of this "
                   "container), else with 1");
    declare_store_commands(reader);
    const std::optional<WorkerSettings> settings = read_worker_settings(reader, argc, argv);
    if (!settings) return exit_ok;
    begin_log(settings->common, reader);
    raise_descriptor_limit(least_descriptors_of_commands);

    const std::unique_ptr<Storage> storage = open_storage(settings->common.store_location);
    if (reader.given_command() == "healthcheck") {
        return check_worker_health(*storage, settings->worker_name);
    }
    if (const auto status = run_store_command(reader, *storage)) return *status;
    raise_descriptor_limit(least_descriptors + descriptors_of_processors(*settings));
    return work(*settings, *storage);
}

}  // namespace

int main(int argc, char** argv) {
    return orders::run_program("order-worker", [&] { return run(argc, argv); });
}
