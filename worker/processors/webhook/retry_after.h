#pragma once

// What the header Retry-After asks for (RFC 9110, section 10.2.3): a number of seconds, or a date.
// A pure function, for any thread.

#include <chrono>
#include <optional>
#include <string>

#include "shared/domain/utc_time.h"

namespace orders {

// How long from `now` on; at most longest_asked_wait (backoff.h), and 0 for a date that has passed.
// Empty for what is neither, the empty text among it.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_retry_after(const std::string& text,
                                                                         UtcTime now);

}  // namespace orders
