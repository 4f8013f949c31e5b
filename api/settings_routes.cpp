#include "api/settings_routes.h"

#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "api/http/route_table.h"
#include "shared/domain/utc_time.h"
#include "shared/os/loopback.h"

namespace orders {
namespace {

std::string to_json(const ApiSettings& settings, std::string_view store, bool is_open) {
    const nlohmann::ordered_json object{
        {"version", ORDERS_VERSION},
        {"started_at", to_rfc3339(std::chrono::floor<std::chrono::milliseconds>(
                           std::chrono::system_clock::now()))},
        {"store", store},
        {"access", is_open ? "open" : "token"},
        {"is_local", is_loopback(settings.host)},
        {"max_pending_orders", settings.max_pending_orders},
        {"min_free_bytes", settings.min_free_bytes},
        {"max_connections", settings.max_connections},
        {"max_payload_bytes", settings.max_payload_bytes},
        {"max_batch_bytes", settings.max_batch_bytes},
        {"keep_processed_seconds", settings.retention.keep_processed.count()},
        {"keep_failed_seconds", settings.retention.keep_failed.count()},
        {"retention_max_bytes", settings.retention.max_bytes},
        {"order_process_timeout_seconds",
         std::chrono::duration_cast<std::chrono::seconds>(settings.attempt_limits.timeout).count()},
        {"max_attempts", settings.attempt_limits.max_attempts},
        {"backoff_seconds", settings.attempt_limits.backoff.count()},
    };
    // The store's name may have any bytes.
    return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace

SettingsRoutes::SettingsRoutes(const ApiSettings& settings, std::string_view store, bool is_open)
    : body_(to_json(settings, store, is_open)) {}

std::span<const SettingsRoutes::Entry> SettingsRoutes::table() noexcept {
    static constexpr std::array entries{
        Entry{"GET", "/api/v1/settings", http::Scope::read, &SettingsRoutes::get_settings},
    };
    return entries;
}

void SettingsRoutes::add_to(http::Server& server) {
    http::add_table(server, *this);
}

void SettingsRoutes::get_settings(const http::Request& /*request*/, http::Reply reply) {
    std::move(reply).send({.body = body_});
}

}  // namespace orders
