// order-api: takes orders in over HTTP and puts them into the store.

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "api/access/guard.h"
#include "api/access/tokens.h"
#include "api/http/client.h"
#include "api/http/problem.h"
#include "api/http/server.h"
#include "api/intake/order_intake.h"
#include "api/orders/order_readers.h"
#include "api/orders/order_routes.h"
#include "shared/log/log.h"
#include "shared/os/system_clock.h"
#include "shared/program/common_settings.h"
#include "shared/program/run_program.h"
#include "shared/program/settings_reader.h"
#include "shared/program/stop_signals.h"
#include "shared/storage/open_store.h"
#include "shared/wake/doorbell.h"

namespace {

using namespace orders;

constexpr std::int64_t bytes_per_mebibyte = 1024LL * 1024;

// One connection is one descriptor; the soft limit is often 1,024.
void allow_many_connections() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

int check_health(const std::string& host, int port) {
    const auto status = http_get_status(host == "0.0.0.0" ? "127.0.0.1" : host, port, "/readyz",
                                        std::chrono::milliseconds(2'500));
    if (status == 200) return exit_ok;
    std::fprintf(stderr, "order-api: %s\n",
                 status ? "the API is not ready" : "the API does not answer");
    return exit_failure;
}

// Declares them; the tokens are there once the reader has parsed.
class AccessSettings {
   public:
    explicit AccessSettings(SettingsReader& reader)
        : list_(reader.secret({list_variable,
                               "bearer tokens, with commas between them; with any, a request needs "
                               "one"})),
          file_(reader.optional_text({"tokens-file", "API_TOKENS_FILE",
                                      "a file of further tokens, one to the line; # begins a "
                                      "comment line"})) {}

    // Throws SettingsError.
    [[nodiscard]] AccessTokens tokens() const {
        AccessTokens tokens;
        if (list_.value()) tokens.add_list(list_variable, *list_.value());
        if (file_.value()) tokens.add_file("--tokens-file or API_TOKENS_FILE", *file_.value());
        return tokens;
    }

   private:
    static constexpr const char* list_variable = "API_TOKENS";
    Setting<std::optional<std::string>> list_;
    Setting<std::optional<std::string>> file_;
};

int run(int argc, const char* const* argv) {
    SettingsReader reader("order-api", "Takes orders in over HTTP and stores them durably.");
    const CommonSettings common(reader);
    const auto host = reader.text({"host", "API_HOST", "the address to listen on"}, "127.0.0.1");
    const auto port = reader.integer(
        {"port", "API_PORT", "the port to listen on; 0 picks a free one, see the log"}, 8080,
        {0, 65'535});
    const auto drain =
        reader.integer({"drain-seconds", "API_DRAIN_SECONDS",
                        "how long a stopping API may take to answer what has arrived"},
                       10, {1, 600, "seconds"});
    const auto max_pending =
        reader.integer({"max-pending-orders", "API_MAX_PENDING_ORDERS",
                        "with so many orders Pending, new ones are answered with 429"},
                       1'000'000, {1, 1'000'000'000, "orders"});
    const auto min_free = reader.integer(
        {"min-free-mb", "API_MIN_FREE_MB",
         "with less room on the disk, new orders are refused, to keep it for settling; 0: never"},
        128, {0, 1'048'576, "MiB"});
    const auto max_connections =
        reader.integer({"max-connections", "API_MAX_CONNECTIONS",
                        "how many connections are served at a time; the limit of open files may "
                        "allow fewer"},
                       8'000, {1, 100'000});
    const AccessSettings access(reader);
    reader.command("healthcheck", "exit with 0 if the API at host and port is ready, else with 1");
    if (reader.parse(argc, argv) != SettingsReader::Outcome::run) return exit_ok;
    const int port_number = static_cast<int>(port.value());
    if (reader.given_command() == "healthcheck") return check_health(host.value(), port_number);

    AccessTokens tokens = access.tokens();
    const bool is_open = !tokens.are_required();
    common.configure_log();
    block_stop_signals();
    allow_many_connections();
    const std::chrono::seconds drain_limit(drain.value());

    std::atomic<bool> is_stopping = false;
    HttpServer server({.host = host.value(),
                       .port = port_number,
                       .max_connections = static_cast<std::size_t>(max_connections.value())},
                      http_problem);
    const StopSignals signals(
        [&] {
            is_stopping = true;
            server.stop();
        },
        drain_limit + margin_after_drain);

    const SystemClock clock;
    const std::string& location = common.store_location();
    std::atomic<bool> has_failed = false;
    auto store = open_order_store(location);  // first: it says what is wrong with the location
    Doorbell doorbell(doorbell_path(location));
    const IntakeLimits limits{
        .admission = {.max_pending_orders = max_pending.value(),
                      .min_free_bytes = min_free.value() * bytes_per_mebibyte}};
    OrderIntake intake(std::move(store), doorbell, clock, limits, [&] {
        has_failed = true;
        server.stop();
    });
    OrderReaders readers([&] { return open_order_reader(location); });
    OrderRoutes routes(intake, readers, clock, is_stopping);
    routes.add_to(server);
    if (!is_open) server.guard(access_guard(std::move(tokens)));

    const int bound_port = server.bind();
    log::info(
        "listening",
        {{"port", bound_port}, {"host", host.value()}, {"access", is_open ? "open" : "token"}});
    server.run(drain_limit);
    log::info("stopped");
    return has_failed ? exit_failure : exit_ok;
}

}  // namespace

int main(int argc, char** argv) {
    return orders::run_program("order-api", [&] { return run(argc, argv); });
}
