#pragma once

// The values that labels may have, where these are few and known. Each series of them is there from
// the start, with 0: of one that appears with its first event, Prometheus does not see that event.

#include <array>
#include <string_view>

namespace orders::label {

inline constexpr std::array<std::string_view, 2> priorities{"High", "Normal"};
inline constexpr std::array<std::string_view, 8> failure_reasons{
    "timeout",  "attempts_exhausted", "processor_error", "expired",
    "http_4xx", "http_5xx",           "exit_code",       "other"};
inline constexpr std::array<std::string_view, 6> attempt_outcomes{
    "processed", "failed", "retry", "lease_expired", "released", "cancelled"};
inline constexpr std::array<std::string_view, 8> refusals{
    "queue_full", "disk_full", "busy",    "store_damaged",
    "stopping",   "duplicate", "invalid", "outcome_unknown"};
inline constexpr std::array<std::string_view, 3> store_roles{"intake", "dispatcher", "maintenance"};
inline constexpr std::array<std::string_view, 7> webhook_results{
    "2xx", "3xx", "4xx", "5xx", "timeout", "unreachable", "tls"};
inline constexpr std::array<std::string_view, 4> connection_states{"idle", "receiving", "answering",
                                                                   "streaming"};
inline constexpr std::array<std::string_view, 6> http_refusals{
    "framing", "too_large", "timeout", "unauthorized", "connections", "memory"};

}  // namespace orders::label
