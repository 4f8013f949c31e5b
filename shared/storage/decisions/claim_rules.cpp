#include "shared/storage/decisions/claim_rules.h"

#include <algorithm>

namespace orders {

Taker taker_of(const Kind& kind, std::span<const ClaimShare> shares) {
    Taker taker;
    for (std::size_t share = 0; share < shares.size(); ++share) {
        const auto& [limit, kinds, defaults] = shares[share];
        const auto named = std::ranges::find(kinds, kind, &KindLimit::kind);
        if (named != kinds.end()) return {share, std::min(limit, named->orders)};
        if (kinds.empty()) taker = {share, limit};
    }
    return taker;
}

void PriorityTurns::note_handed_out(Priority priority) noexcept {
    high_in_a_row_ =
        priority == Priority::normal ? 0 : std::min(high_in_a_row_ + 1, normal_share - 1);
}

}  // namespace orders
