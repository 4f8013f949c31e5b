#include "shared/domain/backoff.h"

#include <algorithm>
#include <cstdint>

namespace orders {

std::chrono::milliseconds backoff(int attempt, std::chrono::milliseconds base,
                                  double chance) noexcept {
    auto limit = std::clamp(base, std::chrono::milliseconds{0}, longest_backoff);
    for (int doubled = 1; doubled < attempt && limit < longest_backoff; ++doubled) {
        limit = std::min(limit * 2, longest_backoff);
    }
    const auto half = limit / 2;
    const double spread =
        static_cast<double>((limit - half).count()) * std::clamp(chance, 0.0, 1.0);
    return half + std::chrono::milliseconds(static_cast<std::int64_t>(spread));
}

}  // namespace orders
