#pragma once

// The time that people read: the wall clock's, in UTC, to the millisecond.
//
// Times in the store and in answers are the store's to give, so that all programs on it agree. What
// leases live by is the store's own affair (see shared/storage/worker_store.h).

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace orders {

using UtcTime = std::chrono::sys_time<std::chrono::milliseconds>;

// RFC 3339 in UTC with milliseconds: 2026-11-22T13:04:05.678Z
[[nodiscard]] std::string to_rfc3339(UtcTime time);

// A date-time of RFC 3339, section 5.6, of any zone: 2026-11-22T18:34:05.678901+05:30. Up to nine
// decimals are taken, and those behind the third are cut off. A leap second is the last one of a
// month in UTC, and the same as the first one of the next month. Empty for any other text, for
// dates that no calendar has, and for times before 1970 or after 9999 in UTC.
[[nodiscard]] std::optional<UtcTime> parse_rfc3339(std::string_view text);

}  // namespace orders
