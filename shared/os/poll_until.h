#pragma once

// Waiting for descriptors until a time. Any thread may do it.

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <span>

#include "shared/os/steady_time.h"

namespace orders {

// Returns when one of the sources is readable, as told by them then, or when the time has come, not
// before; now and then also for nothing, after a minute at the latest. (A descriptor of -1 is left
// out.)
inline void poll_until(std::span<pollfd> sources, SteadyTime until) {
    const SteadyTime now = std::chrono::steady_clock::now();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(std::max(until, now) - now);
    ::poll(sources.data(), sources.size(),
           static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
}

[[nodiscard]] inline bool is_readable(const pollfd& source) noexcept {
    return (source.revents & POLLIN) != 0;
}

}  // namespace orders
