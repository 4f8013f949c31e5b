#pragma once

// How long an order waits that is to be tried again.

#include <chrono>
#include <functional>
#include <optional>

#include "shared/domain/claim.h"

namespace orders {

// From 0 to 1, evenly spread: what spreads the waits of retries.
using Chance = std::function<double()>;
[[nodiscard]] Chance random_chance();

// What the processor asks for, within the bounds of that; empty if it asks for nothing.
[[nodiscard]] std::optional<std::chrono::milliseconds> asked_wait(const Retry& retry);

// As long as the backoff says, or as the processor asks for, if that is longer.
// `attempt` is the one that has failed, 1 for the first; `base` is that of its limits.
[[nodiscard]] std::chrono::milliseconds retry_wait(const Retry& retry, int attempt,
                                                   std::chrono::seconds base, double chance);

}  // namespace orders
