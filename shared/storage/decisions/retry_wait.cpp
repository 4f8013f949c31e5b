#include "shared/storage/decisions/retry_wait.h"

#include <algorithm>
#include <limits>
#include <random>

#include "shared/domain/backoff.h"

namespace orders {

Chance random_chance() {
    return [engine = std::minstd_rand(std::random_device{}())]() mutable {
        return std::generate_canonical<double, std::numeric_limits<double>::digits>(engine);
    };
}

std::optional<std::chrono::milliseconds> asked_wait(const Retry& retry) {
    if (!retry.after) return std::nullopt;
    return std::clamp(*retry.after, shortest_asked_wait, longest_asked_wait);
}

std::chrono::milliseconds retry_wait(const Retry& retry, int attempt, std::chrono::seconds base,
                                     double chance) {
    const auto wait = backoff(attempt, base, chance);
    return std::max(wait, asked_wait(retry).value_or(wait));
}

}  // namespace orders
