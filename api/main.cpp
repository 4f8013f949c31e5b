// order-api: takes orders in over HTTP and puts them into the store.

#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "api/access/guard.h"
#include "api/access/loopback.h"
#include "api/health_check.h"
#include "api/http/server.h"
#include "api/intake/admission.h"
#include "api/intake/group_commit.h"
#include "api/intake/order_intake.h"
#include "api/orders/order_readers.h"
#include "api/orders/order_routes.h"
#include "api/settings.h"
#include "shared/log/log.h"
#include "shared/os/descriptor_limit.h"
#include "shared/program/run_program.h"
#include "shared/program/settings_reader.h"
#include "shared/program/stop_signals.h"
#include "shared/program/store_commands.h"
#include "shared/storage/open_storage.h"

namespace {

using namespace orders;

int serve(const ApiSettings& settings, Storage& storage) {
    AccessTokens tokens = read_tokens(settings);
    const bool is_open = !tokens.are_required();
    block_stop_signals();
    raise_descriptor_limit();

    std::atomic<bool> is_stopping = false;
    http::Server server({.host = settings.host,
                         .port = settings.port,
                         .max_connections = settings.max_connections});
    const StopSignals signals(
        [&] {
            is_stopping = true;
            server.stop();
        },
        settings.drain_limit + margin_after_drain);

    std::atomic<bool> has_failed = false;
    OrderAdmission admission({.max_pending_orders = settings.max_pending_orders,
                              .min_free_bytes = settings.min_free_bytes});
    GroupCommit commits(storage.open_intake(), GroupLimits{}, [&] {
        has_failed = true;
        server.stop();
    });
    OrderIntake intake(commits, admission);
    OrderReaders readers([&] { return storage.open_reader(); });
    OrderRoutes routes(intake, readers, is_stopping);
    routes.add_to(server);
    if (!is_open) server.set_guard(std::make_unique<TokenGuard>(std::move(tokens)));

    const int bound_port = server.bind();
    log::info(
        "listening",
        {{"port", bound_port}, {"host", settings.host}, {"access", is_open ? "open" : "token"}});
    if (is_open && !is_loopback(settings.host)) {
        log::warn("open to everybody who can reach this host",
                  {{"host", settings.host}, {"hint", "set API_TOKENS or API_TOKENS_FILE"}});
    }
    server.run(settings.drain_limit);
    log::info("stopped");
    return has_failed ? exit_failure : exit_ok;
}

int run(int argc, const char* const* argv) {
    SettingsReader reader("order-api", "Takes orders in over HTTP and stores them durably.");
    reader.command("healthcheck",
                   "exits with 0 if the API at --host and --port is ready, else with 1");
    declare_store_commands(reader);
    const std::optional<ApiSettings> settings = read_api_settings(reader, argc, argv);
    if (!settings) return exit_ok;
    begin_log(settings->common, reader);

    const std::unique_ptr<Storage> storage = open_storage(settings->common.store_location);
    if (reader.given_command() == "healthcheck") return check_api_health(*settings);
    if (const auto status = run_store_command(reader, *storage)) return *status;
    return serve(*settings, *storage);
}

}  // namespace

int main(int argc, char** argv) {
    return orders::run_program("order-api", [&] { return run(argc, argv); });
}
