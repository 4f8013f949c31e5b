#include "shared/storage/postgres/time_floor.h"

#include <algorithm>

namespace orders::postgres {
namespace {

constexpr std::chrono::minutes between_beginnings{5};
// So that looks from the beginning never take more than a hundredth of the time.
constexpr int share_of_time = 100;

}  // namespace

std::int64_t TimeFloor::begin_look() {
    began_ = std::chrono::steady_clock::now();
    is_from_beginning_ = began_ >= next_from_beginning_;
    return is_from_beginning_ ? 0 : after_;
}

void TimeFloor::note(std::int64_t now, std::optional<std::int64_t> earliest) {
    if (now < last_now_) next_from_beginning_ = {};
    if (is_from_beginning_) {
        const SteadyTime ended = std::chrono::steady_clock::now();
        next_from_beginning_ = ended + std::max<SteadyTime::duration>(
                                           between_beginnings, share_of_time * (ended - began_));
    }
    last_now_ = now;
    after_ = std::min(earliest.value_or(now), now - longest_transaction.count()) - 1;
}

}  // namespace orders::postgres
