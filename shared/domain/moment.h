#pragma once

// A point in time, read off both clocks that matter: the wall clock, for what people read, and the
// boot clock (Linux CLOCK_BOOTTIME), for leases. The boot clock counts through suspend, is the same
// in all containers of a machine, and no administrator can set it; it starts again with each boot,
// so it means something only together with the boot's id.
//
// Nothing in the product asks for the time where it could be told: functions take a Moment, the two
// mains own the only SystemClock, and tests use a clock of their own.

#include <chrono>
#include <string>

namespace orders {

using UtcTime = std::chrono::sys_time<std::chrono::milliseconds>;

struct Moment {
    UtcTime utc;
    std::chrono::milliseconds since_boot{0};
    std::string boot_id;
};

// Where Moments come from. now() may be called from any thread.
class Clock {
   public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Moment now() const = 0;
};

// RFC 3339 in UTC with milliseconds: 2026-11-22T13:04:05.678Z
[[nodiscard]] std::string to_rfc3339(UtcTime time);

}  // namespace orders
