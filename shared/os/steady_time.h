#pragma once

// Points in time for waits, deadlines and intervals inside one process (Linux CLOCK_MONOTONIC): no
// administrator and no NTP can set it.

#include <chrono>

namespace orders {

using SteadyTime = std::chrono::steady_clock::time_point;

}  // namespace orders
