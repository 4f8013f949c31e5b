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

std::chrono::milliseconds retry_wait(const Retry& retry, int attempt, std::chrono::seconds base,
                                     double chance) {
    const auto wait = backoff(attempt, base, chance);
    if (!retry.after) return wait;
    return std::max(wait, std::clamp(*retry.after, shortest_asked_wait, longest_asked_wait));
}

}  // namespace orders
