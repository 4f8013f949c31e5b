#pragma once

// Bounds how often something is logged that may happen many times a second: the first time at once,
// later ones together, at most every ten seconds, with their number.
//
//     failures.count();
//     if (const auto times = failures.take_due()) log::error("it failed", {{"times", *times}});
//
// One thread at a time uses a LogPace.

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

#include "shared/os/steady_time.h"

namespace orders::log {

class LogPace {
   public:
    static constexpr std::chrono::seconds interval{10};

    void count(std::size_t times = 1) noexcept { times_ += times; }

    // How many were counted since the last time, if there are any and it is time to log them; they
    // are then taken to be logged.
    [[nodiscard]] std::optional<std::size_t> take_due(
        SteadyTime now = std::chrono::steady_clock::now()) noexcept {
        if (times_ == 0 || now < next_) return std::nullopt;
        next_ = now + interval;
        return std::exchange(times_, 0);
    }

   private:
    std::size_t times_ = 0;
    SteadyTime next_{};
};

}  // namespace orders::log
