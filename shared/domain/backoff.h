#pragma once

// How long an order waits after an attempt that is to be tried again: exponential backoff with
// equal jitter (M. Brooker, "Exponential Backoff And Jitter", AWS 2015). Half of the time is
// certain, so an outage is not met by a share of the retries at once; the other half spreads them.

#include <chrono>

namespace orders {

// What a wait grows to, however many attempts there were.
inline constexpr std::chrono::milliseconds longest_backoff{3'600'000};

// What a processor may ask for (Retry::after), which counts if it is longer than the backoff.
inline constexpr std::chrono::milliseconds shortest_asked_wait{1'000};
inline constexpr std::chrono::milliseconds longest_asked_wait{24 * 3'600'000};

// `attempt` is the one that has failed, 1 for the first; `base` is what the first wait is about;
// `chance` is from 0 to 1, evenly spread. From half of min(longest_backoff, base * 2^(attempt - 1))
// to all of it.
[[nodiscard]] std::chrono::milliseconds backoff(int attempt, std::chrono::milliseconds base,
                                                double chance) noexcept;

}  // namespace orders
