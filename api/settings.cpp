#include "api/settings.h"

#include "api/dashboard/dashboard_routes.h"
#include "api/orders/order_parsing.h"
#include "shared/program/attempt_settings.h"
#include "shared/program/housekeeping_settings.h"
#include "shared/program/settings_error.h"

namespace orders {
namespace {

constexpr const char* token_list_variable = "API_TOKENS";
constexpr const char* without_tokens = "an API that is open to everybody";
constexpr std::int64_t bytes_per_mebibyte = 1024LL * 1024;

// An IPv6 address may stand in brackets, as in a URL.
std::string without_brackets(const std::string& host) {
    const bool has_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
    return has_brackets ? host.substr(1, host.size() - 2) : host;
}

// Who asks for it must not find out by its absence that it was not built in.
bool has_dashboard(const Setting<std::string>& choice) {
    const bool is_wanted = choice.value() == "on";
    if (is_wanted && choice.is_given() && !DashboardRoutes::are_built_in()) {
        throw SettingsError("--dashboard (API_DASHBOARD): this order-api was built without it");
    }
    return is_wanted && DashboardRoutes::are_built_in();
}

}  // namespace

std::optional<ApiSettings> read_api_settings(SettingsReader& reader, int argc,
                                             const char* const* argv) {
    const CommonSettingsReader common(reader);
    const auto host = reader.text(
        {"host", "API_HOST", "the address to listen on, or a name of it; * means all of them"},
        "127.0.0.1");
    const auto port = reader.integer(
        {"port", "API_PORT", "the port to listen on; 0 picks a free one and logs it"}, 8080,
        {0, 65'535});
    const auto stop_delay =
        reader.integer({"stop-delay-seconds", "API_STOP_DELAY_SECONDS",
                        "how long an API that is asked to stop serves on while it is unready, so "
                        "that load balancers leave it first"},
                       0, {0, 600, "seconds"});
    const auto drain =
        reader.integer({"drain-seconds", "API_DRAIN_SECONDS",
                        "how long a stopping API may take to answer what has arrived"},
                       10, {1, 600, "seconds"});
    const auto idle =
        reader.integer({"idle-seconds", "API_IDLE_SECONDS",
                        "how long a connection may wait for its next request; must be longer than "
                        "a proxy keeps it"},
                       120, {1, 3'600, "seconds"});
    const auto max_pending =
        reader.integer({"max-pending-orders", "API_MAX_PENDING_ORDERS",
                        "while this many orders are Pending, new ones are refused with 429"},
                       1'000'000, {1, 1'000'000'000, "orders"});
    const auto min_free = reader.integer(
        {"min-free-mb", "API_MIN_FREE_MB",
         "with less free disk space than this, new orders are refused with 503; 0 never refuses"},
        128, {0, 1'048'576, "MiB"});
    const auto max_connections =
        reader.integer({"max-connections", "API_MAX_CONNECTIONS",
                        "how many connections are served at a time; the limit of open files may "
                        "allow fewer"},
                       8'000, {1, 100'000});
    const auto events = reader.choice(
        {"events", "API_EVENTS",
         "whether clients may listen to events: off; auto, kept while one listens; always, kept "
         "whether or not one does, so that none is missed over a restart"},
        "auto", {"off", "auto", "always"});
    const auto max_event_clients =
        reader.integer({"max-event-clients", "API_MAX_EVENT_CLIENTS",
                        "how many clients may listen to events at a time; each takes a connection"},
                       1'000, {1, 100'000});
    const auto max_payload =
        reader.integer({"max-payload-bytes", "API_MAX_PAYLOAD_BYTES",
                        "how large the payload of one order may be, as it is sent"},
                       default_max_payload_bytes, {1, 1'000'000, "bytes"});
    const auto max_batch = reader.integer({"max-batch-bytes", "API_MAX_BATCH_BYTES",
                                           "how large the body of a batch may be; eight may be in "
                                           "memory at a time, up to five times over"},
                                          8 * bytes_per_mebibyte,
                                          {bytes_per_mebibyte, 16 * bytes_per_mebibyte, "bytes"});
    const auto dashboard =
        reader.choice({"dashboard", "API_DASHBOARD", "whether to serve the dashboard at /ui/"},
                      "on", {"on", "off"});
    constexpr std::chrono::seconds default_timeout{300};
    const AttemptSettingsReader attempts(reader, "API", default_timeout);
    const HousekeepingSettingsReader housekeeping(reader, "API");
    const auto token_list = reader.secret(
        {token_list_variable,
         "bearer tokens, separated by commas; if there are any, every request needs one",
         without_tokens});
    const auto token_file =
        reader.optional_text({"tokens-file", "API_TOKENS_FILE",
                              "a file with more tokens, one per line; a line that begins with # is "
                              "a comment"},
                             without_tokens);
    const auto cors_origins =
        reader.list({"cors-origin", "API_CORS_ORIGIN",
                     "whose web pages may use the API from a browser, besides its own"},
                    "origins, such as https://shop.example.com, or *");
    const auto access_log = reader.choice(
        {"access-log", "API_ACCESS_LOG", "whether each request is logged"}, "off", {"off", "on"});
    const auto metrics_open =
        reader.choice({"metrics-open", "API_METRICS_OPEN",
                       "whether GET /metrics answers without a token where others need one"},
                      "off", {"off", "on"});
    if (reader.parse(argc, argv) != SettingsReader::Outcome::run) return std::nullopt;
    return ApiSettings{.common = common.values(),
                       .host = without_brackets(host.value()),
                       .port = static_cast<int>(port.value()),
                       .stop_delay = std::chrono::seconds(stop_delay.value()),
                       .drain_limit = std::chrono::seconds(drain.value()),
                       .idle_limit = std::chrono::seconds(idle.value()),
                       .max_pending_orders = max_pending.value(),
                       .min_free_bytes = min_free.value() * bytes_per_mebibyte,
                       .max_connections = static_cast<std::size_t>(max_connections.value()),
                       .has_events = events.value() != "off",
                       .are_events_kept_always = events.value() == "always",
                       .max_event_clients = static_cast<std::size_t>(max_event_clients.value()),
                       .max_payload_bytes = static_cast<std::size_t>(max_payload.value()),
                       .max_batch_bytes = static_cast<std::size_t>(max_batch.value()),
                       .has_dashboard = has_dashboard(dashboard),
                       .retention = housekeeping.values(),
                       .attempt_limits = attempts.limits().over({.timeout = default_timeout}),
                       .normal_max_wait = attempts.normal_max_wait(),
                       .token_list = token_list.value(),
                       .token_file = token_file.value(),
                       .cors_origins = cors_origins.value(),
                       .is_access_logged = access_log.value() == "on",
                       .are_metrics_open = metrics_open.value() == "on"};
}

AccessTokens read_tokens(const ApiSettings& settings) {
    AccessTokens tokens;
    if (settings.token_list) tokens.add_list(token_list_variable, *settings.token_list);
    if (settings.token_file) {
        tokens.add_file("--tokens-file or API_TOKENS_FILE", *settings.token_file);
    }
    return tokens;
}

http::Origins allowed_origins(const ApiSettings& settings, const AccessTokens& tokens) {
    const std::string setting = "--cors-origin or API_CORS_ORIGIN: ";
    for (const std::string& origin : settings.cors_origins) {
        if (origin == http::any_origin) {
            if (!tokens.are_required()) continue;
            throw SettingsError(setting + "* and tokens do not go together: name the origins");
        }
        if (!http::is_origin(origin)) {
            throw SettingsError(setting + origin +
                                " is no origin: it must be as a browser sends it, such as "
                                "https://shop.example.com or http://localhost:3000");
        }
    }
    return http::Origins(settings.cors_origins);
}

}  // namespace orders
