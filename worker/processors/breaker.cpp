#include "worker/processors/breaker.h"

#include <algorithm>

namespace orders {

std::size_t Breaker::allowed(std::size_t wanted, SteadyTime now) const noexcept {
    if (!is_open_) return wanted;
    const bool may_probe = probe_ == 0 && now >= rests_until_;
    return may_probe ? std::min<std::size_t>(wanted, 1) : 0;
}

Breaker::Ticket Breaker::begin() noexcept {
    if (!is_open_ || probe_ != 0) return 0;
    return probe_ = ++last_probe_;
}

Breaker::Change Breaker::end(Ticket ticket, Sign sign, SteadyTime now) noexcept {
    const bool is_probe = ticket != 0 && ticket == probe_;
    if (is_probe) probe_ = 0;
    if (sign == Sign::working) {
        const bool was_open = is_open_;
        is_open_ = false;
        failures_ = 0;
        probe_ = 0;
        return was_open ? Change::closed : Change::none;
    }
    if (is_open_) {
        if (!is_probe) return Change::none;
        if (sign == Sign::failing) rest_ = std::min(2 * rest_, longest_rest);
        rests_until_ = now + rest_;
        return Change::none;
    }
    if (sign == Sign::none || ++failures_ < failures_to_open) return Change::none;
    is_open_ = true;
    rest_ = shortest_rest;
    rests_until_ = now + rest_;
    return Change::opened;
}

std::optional<SteadyTime> Breaker::next_probe() const noexcept {
    if (!is_open_ || probe_ != 0) return std::nullopt;
    return rests_until_;
}

}  // namespace orders
