#pragma once

// The settings of order-api, by flag and environment variable: README.md lists them all.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/access/tokens.h"
#include "api/http/origins.h"
#include "shared/domain/claim.h"
#include "shared/housekeeping/retention.h"
#include "shared/program/common_settings.h"
#include "shared/program/settings_reader.h"

namespace orders {

struct ApiSettings {
    CommonSettings common;
    std::string host;
    int port;  // 0: any free one
    std::chrono::seconds stop_delay;
    std::chrono::seconds drain_limit;
    std::chrono::seconds idle_limit;
    std::int64_t max_pending_orders;
    std::int64_t min_free_bytes;  // 0: never refuse for lack of room
    std::size_t max_connections;
    bool has_events;
    bool are_events_kept_always;
    std::size_t max_event_clients;
    std::size_t max_payload_bytes;
    std::size_t max_batch_bytes;  // of a body
    bool has_dashboard;
    RetentionOptions retention;
    // What holds for orders that are claimed over HTTP.
    AttemptLimits attempt_limits;
    std::chrono::seconds normal_max_wait;  // 0: High first, always
    // Where the bearer tokens are; read_tokens() reads them.
    std::optional<std::string> token_list;
    std::optional<std::string> token_file;
    std::vector<std::string> cors_origins;  // allowed_origins() checks them
    bool is_access_logged;
    bool are_metrics_open;  // to clients without a token
};

// Declares the settings, and reads them and the command. Empty if --help or --version was answered
// instead. Throws SettingsError.
[[nodiscard]] std::optional<ApiSettings> read_api_settings(SettingsReader& reader, int argc,
                                                           const char* const* argv);

// Throws SettingsError, which quotes no part of a token.
[[nodiscard]] AccessTokens read_tokens(const ApiSettings& settings);

// The web pages that may use the API, besides its own. Throws SettingsError for what is none, and
// for all of them where tokens are required.
[[nodiscard]] http::Origins allowed_origins(const ApiSettings& settings,
                                            const AccessTokens& tokens);

}  // namespace orders
