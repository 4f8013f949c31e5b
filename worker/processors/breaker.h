#pragma once

// Keeps work away from something that is out of order, so that an outage costs a few probes and not
// an attempt of every order: after `failures_to_open` failures in a row the breaker opens, and lets
// one probe at a time begin, the first one after a second, each further one after a rest twice as
// long, up to half a minute. One success closes it. (M. Nygard, "Release It!", 2007: circuit
// breaker.)
//
// Work that began before it opened ends as it will: its success closes the breaker, too, and its
// failure changes nothing any more.
//
// One thread at a time uses a Breaker.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "shared/os/steady_time.h"

namespace orders {

class Breaker {
   public:
    static constexpr int failures_to_open = 20;
    static constexpr std::chrono::seconds shortest_rest{1};
    static constexpr std::chrono::seconds longest_rest{30};

    // What a piece of work tells, when it ends, of that which it was done with.
    enum class Sign {
        working,  // whatever the work has come to
        failing,
        none,  // it was given up, say
    };
    enum class Change { none, opened, closed };
    // What end() is to be given of begin(): the number of a probe, or 0.
    using Ticket = std::uint64_t;

    [[nodiscard]] bool is_open() const noexcept { return is_open_; }

    // How many of `wanted` may begin now.
    [[nodiscard]] std::size_t allowed(std::size_t wanted, SteadyTime now) const noexcept;

    // A piece of work begins. While the breaker is open and no probe is out, it is the probe.
    [[nodiscard]] Ticket begin() noexcept;
    Change end(Ticket ticket, Sign sign, SteadyTime now) noexcept;

    // When the next probe may begin; empty while the breaker is closed, and while a probe is out.
    [[nodiscard]] std::optional<SteadyTime> next_probe() const noexcept;

   private:
    int failures_ = 0;  // in a row
    bool is_open_ = false;
    // While it is open:
    std::chrono::seconds rest_ = shortest_rest;
    SteadyTime rests_until_{};
    Ticket probe_ = 0;  // 0: none is out
    Ticket last_probe_ = 0;
};

}  // namespace orders
