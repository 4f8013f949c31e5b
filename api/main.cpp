// order-api: takes orders in over HTTP and puts them into the store.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "api/access/guard.h"
#include "api/claims/claim_desk.h"
#include "api/claims/claim_routes.h"
#include "api/dashboard/dashboard_routes.h"
#include "api/events/event_desk.h"
#include "api/events/event_routes.h"
#include "api/health_check.h"
#include "api/housekeeping_thread.h"
#include "api/http/server.h"
#include "api/intake/admission.h"
#include "api/intake/group_commit.h"
#include "api/intake/order_acts.h"
#include "api/intake/order_intake.h"
#include "api/metrics/figures_teller.h"
#include "api/metrics/measured_intake.h"
#include "api/metrics/metrics_routes.h"
#include "api/openapi/openapi_document.h"
#include "api/orders/action_routes.h"
#include "api/orders/bulk_desk.h"
#include "api/orders/order_readers.h"
#include "api/orders/order_reads.h"
#include "api/orders/order_routes.h"
#include "api/orders/wait_desk.h"
#include "api/orders/waiting_places.h"
#include "api/settings.h"
#include "api/settings_routes.h"
#include "api/unready_server.h"
#include "shared/log/log.h"
#include "shared/os/descriptor_limit.h"
#include "shared/os/loopback.h"
#include "shared/os/service_manager.h"
#include "shared/os/wake_signal.h"
#include "shared/program/await_store.h"
#include "shared/program/copy_command.h"
#include "shared/program/run_program.h"
#include "shared/program/settings_reader.h"
#include "shared/program/stop_signals.h"
#include "shared/program/store_commands.h"
#include "shared/storage/open_storage.h"
#include "shared/storage/store_error.h"

namespace {

using namespace orders;

constexpr std::size_t handler_threads = 8;
// Besides handler threads, that of the intake reads, and those of the four desks.
constexpr std::size_t most_readers = handler_threads + 5;
// What may be open besides the server and its connections: standard streams, signals, and the store
// with its log, locks and bells (fewer than 32 in all); then a database, a log and a lock for each
// reader.
constexpr std::size_t other_descriptors = 32 + 3 * most_readers;
// Leaves 32 connections, with all that the server needs to serve them and to turn others away.
constexpr std::size_t least_descriptors = 144;

// Which setting to look at if the server cannot listen.
const char* hint_for(const std::error_code& error) {
    if (error == std::errc::address_in_use) {
        return "another program listens there: end it, or choose another port with --port or "
               "API_PORT";
    }
    if (error == std::errc::permission_denied) {
        return "such a low port needs a privilege: choose another port with --port or API_PORT";
    }
    return "--host or API_HOST says where to listen";
}

http::Endpoint bind(http::Server& server) {
    try {
        return server.bind();
    } catch (const std::system_error& error) {
        throw std::runtime_error(std::string(error.what()) + " (" + hint_for(error.code()) + ")");
    }
}

struct OpenStore {
    std::unique_ptr<IntakeStore> intake;
    std::string incarnation;
};

OpenStore open_store(Storage& storage, const http::ServerOptions& options) {
    OpenStore store;
    std::optional<UnreadyServer> unready;
    await_store(
        [&] {
            store.intake = storage.open_intake();
            const std::unique_ptr<OrderReader> reader = storage.open_reader();
            // A store that is too damaged to be read must not look ready: it ends the program here.
            require_readable(*reader);
            store.incarnation = reader->identity().incarnation;
        },
        [&] { unready.emplace(options, [](http::Server& server) { (void)bind(server); }); });
    return store;
}

int serve(const ApiSettings& settings, Storage& storage) {
    AccessTokens tokens = read_tokens(settings);
    const bool is_open = !tokens.are_required();
    http::Origins origins = allowed_origins(settings, tokens);
    ServiceManager manager = ServiceManager::from_environment();
    block_stop_signals();

    std::atomic<bool> is_stopping = false;
    WakeSignal stopping;
    const http::ServerOptions options{
        .host = settings.host,
        .port = settings.port,
        .handler_threads = handler_threads,
        .max_connections = settings.max_connections,
        .other_descriptors = other_descriptors,
        .other_bodies = {{batch_path, settings.max_batch_bytes},
                         {lease_batch_path, settings.max_batch_bytes}},
        .is_access_logged = settings.is_access_logged,
        .idle_limit = settings.idle_limit,
        .stop_delay = settings.stop_delay};
    http::Server server(options);
    StopSignals signals({.on_stop =
                             [&] {
                                 is_stopping = true;
                                 stopping.notify();
                                 server.announce_stop();
                                 manager.tell_stopping();
                             },
                         .on_hurry = [&] { server.stop(); },  // ends the delay
                         .delay = settings.stop_delay,
                         .drain_limit = settings.drain_limit});

    std::atomic<int> status = exit_ok;
    OrderAdmission admission({.max_pending_orders = settings.max_pending_orders,
                              .min_free_bytes = settings.min_free_bytes});
    std::once_flag end_of_store;
    const auto on_fatal = [&](const StoreError& error) {
        std::call_once(end_of_store, [&] {
            status = log_end_of_store(error);
            manager.tell_stopping();
            signals.limit_what_is_left();
            stopping.notify();
            server.stop();
        });
    };
    OpenStore store = open_store(storage, options);
    WorkFigures work;
    GroupCommit commits(std::make_unique<MeasuredIntake>(std::move(store.intake), work),
                        GroupLimits{}, on_fatal, [&manager] { manager.feed_watchdog(); });
    signals.work_has_begun();
    OrderIntake intake(commits, admission);
    OrderReaders readers([&] { return storage.open_reader(); });
    OrderReads reads(readers);
    FiguresTeller teller(storage.work(), work);
    const HousekeepingThread housekeeping(
        storage.open_housekeeping(),
        {.retention = settings.retention,
         .look_interval = storage.look_interval(),
         .tell_figures =
             [&](bool is_last, const HousekeepingOptions::AddFigures& add) {
                 // After a sync that failed, nothing may be written.
                 if (status != exit_ok) return;
                 teller.tell(std::chrono::steady_clock::now(), is_last, add);
             }},
        [&](const StoreError& error) {
            // What can still be read is answered, whoever meets
            // the damage.
            if (error.kind() == StoreError::Kind::damaged) return reads.note_damage(error);
            on_fatal(error);
        });
    OrderActs acts(commits);
    WaitingPlaces places(server.max_connections() * 3 / 4);
    WaitDesk waits(acts, reads, places, storage.open_end_watch(), stopping);
    OrderRoutes routes(intake, reads, waits, is_stopping,
                       {.max_payload_bytes = settings.max_payload_bytes});
    routes.add_to(server);
    BulkDesk bulk(acts, reads, is_stopping);
    ActionRoutes actions(acts, bulk, reads);
    actions.add_to(server);
    ClaimDesk desk(commits, reads, places, storage.open_watch(), stopping, store.incarnation);
    ClaimRoutes claims(
        desk, acts, reads, store.incarnation,
        {.defaults = settings.attempt_limits, .normal_max_wait = settings.normal_max_wait});
    claims.add_to(server);
    std::optional<EventDesk> events;
    std::optional<EventRoutes> event_routes;
    if (settings.has_events) {
        events.emplace(acts, places, storage.open_change_log(), store.incarnation,
                       EventOptions{.is_kept_always = settings.are_events_kept_always,
                                    .max_clients = settings.max_event_clients,
                                    .look_interval = storage.change_look_interval()});
        event_routes.emplace(*events).add_to(server);
    }
    add_openapi_route(server);
    SettingsRoutes settings_routes(settings, storage.describe(), is_open);
    settings_routes.add_to(server);
    if (settings.has_dashboard) DashboardRoutes::add_to(server);
    MetricsRoutes metrics({.reads = reads,
                           .commits = commits,
                           .intake = intake,
                           .refused = routes.refused(),
                           .events = events ? &*events : nullptr,
                           .version = ORDERS_VERSION});
    metrics.add_to(server, settings.are_metrics_open);
    // So that the log says at once if the store takes no writes, or the disk has too little room.
    intake.probe([](bool) {});
    server.set_origins(std::move(origins));
    if (!is_open) server.set_guard(std::make_unique<TokenGuard>(std::move(tokens)));

    const http::Endpoint endpoint = bind(server);
    log::info("listening", {{"port", endpoint.port},
                            {"address", endpoint.addresses},
                            {"access", is_open ? "open" : "token"},
                            {"db", storage.describe()}});
    manager.tell_ready();
    if (is_open && !is_loopback(settings.host)) {
        log::warn("open to everybody who can reach this host",
                  {{"address", endpoint.addresses}, {"hint", "set API_TOKENS or API_TOKENS_FILE"}});
    }
    try {
        server.run(settings.drain_limit);
    } catch (...) {
        signals.limit_what_is_left();
        throw;
    }
    log::info("stopped", {{"status", status.load()}});
    return status;
}

int run(int argc, const char* const* argv) {
    SettingsReader reader("order-api", "Takes orders in over HTTP and stores them durably.");
    reader.command("healthcheck",
                   "exits with 0 if the API at --host and --port is ready, else with 1");
    declare_store_commands(reader);
    const CopyCommand copy(reader);
    const std::optional<ApiSettings> settings = read_api_settings(reader, argc, argv);
    if (!settings) return exit_ok;
    begin_log(settings->common, reader);
    raise_descriptor_limit(least_descriptors_of_commands);

    if (const auto status = copy.run(settings->common)) return *status;
    const std::unique_ptr<Storage> storage = open_storage(settings->common.store_location);
    if (reader.given_command() == "healthcheck") return check_api_health(*settings);
    if (const auto status = run_store_command(reader, *storage)) return *status;
    raise_descriptor_limit(least_descriptors);
    return serve(*settings, *storage);
}

}  // namespace

int main(int argc, char** argv) {
    return orders::run_program("order-api", [&] { return run(argc, argv); });
}
