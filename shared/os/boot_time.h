#pragma once

// How long the machine has been up (Linux CLOCK_BOOTTIME): unlike the steady clock, this one also
// counts while the machine is suspended. For any thread.

#include <time.h>

#include <chrono>

namespace orders {

[[nodiscard]] inline std::chrono::nanoseconds time_since_boot() noexcept {
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);  // cannot fail: Linux has had it since 2.6.39
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace orders
