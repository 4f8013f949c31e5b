#pragma once

// Who takes which order, and whose turn it is: the rules of a claim (ClaimRequest) that do not
// depend on how a backend keeps its queue.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>

#include "shared/domain/claim.h"
#include "shared/domain/order.h"
#include "shared/domain/utc_time.h"

namespace orders {

// Which of the shares takes orders of a kind, and how many; none if the number is 0.
struct Taker {
    std::size_t share = 0;
    std::size_t room = 0;
};
[[nodiscard]] Taker taker_of(const Kind& kind, std::span<const ClaimShare> shares);

// Whether it has not begun by its start_before, and is not to begin any more. `attempts` are those
// charged so far.
[[nodiscard]] inline bool is_too_late(const OrderSpec& spec, int attempts, UtcTime now) {
    return attempts == 0 && spec.start_before && *spec.start_before <= now;
}

// For how long; 0 if the clock was set back meanwhile.
[[nodiscard]] inline std::chrono::milliseconds waited(UtcTime since, UtcTime now) {
    return std::max(now - since, std::chrono::milliseconds{0});
}

// High orders go first; but while a Normal one waits for too long, one in four is Normal. Belongs
// to one that claims, and remembers from claim to claim how many were High.
class PriorityTurns {
   public:
    // Whether the next order is a Normal one if a High one is there, too, and the next Normal one
    // has been in the queue since `queued_at`. Asks for that only if it matters: it is a function
    // that returns an optional time, empty if there is no Normal one.
    template <typename NormalQueuedAt>
    [[nodiscard]] bool is_normals(std::chrono::seconds normal_max_wait, UtcTime now,
                                  NormalQueuedAt queued_at) const {
        if (normal_max_wait.count() <= 0 || high_in_a_row_ < normal_share - 1) return false;
        const std::optional<UtcTime> since = queued_at();
        // If it came while the clock was ahead, nobody knows for how long.
        return since && (*since > now || now - *since > normal_max_wait);
    }
    void note_handed_out(Priority priority) noexcept;

   private:
    static constexpr int normal_share = 4;
    int high_in_a_row_ = 0;  // since the last Normal one, as far as it matters
};

}  // namespace orders
