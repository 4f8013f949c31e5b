#pragma once

// The SQLite backend's own time, read off both clocks that matter: the wall clock, for what people
// read, and the boot clock (Linux CLOCK_BOOTTIME), for leases. The boot clock counts through
// suspend, and no administrator can set it. A time namespace may shift it; here it is the kernel's
// own in all of them. It starts again with each boot, so it means something only together with the
// boot's id.
//
// The same id means the same clock. Another id proves nothing: a container may have one of its own
// on the same kernel, and it changes with each boot. signs_of_life.h says what follows from that.
// Nothing outside this folder knows of boots.

#include <chrono>
#include <istream>
#include <string>

#include "shared/domain/utc_time.h"

namespace orders::sqlite {

// A machine without a battery starts in 1970, or wherever its clock stood. What is stored with such
// a time is wrong for good, and retention deletes it at once. Throws StoreError (busy): nothing is
// stored, and reported, until the clock is set.
void require_set_clock(UtcTime time);

struct Moment {
    UtcTime utc;
    std::chrono::milliseconds since_boot{0};
    std::string boot_id;
};

// Where Moments come from: the machine, or a test. now() may be called from any thread.
class Clock {
   public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Moment now() const = 0;
};

// The machine's own.
class SystemClock final : public Clock {
   public:
    // Reads the boot id, and how far this process's time namespace shifts the boot clock. Throws
    // std::runtime_error if the machine has no boot id (it is Linux's
    // /proc/sys/kernel/random/boot_id).
    SystemClock();
    // Throws StoreError (busy) while the wall clock has not been set.
    [[nodiscard]] Moment now() const override;

   private:
    std::string boot_id_;
    std::chrono::nanoseconds boot_clock_shift_;
};

// By how much a time namespace puts the boot clock ahead, from what /proc/self/timens_offsets says;
// 0 if it says nothing of it.
[[nodiscard]] std::chrono::nanoseconds boot_clock_shift(std::istream& timens_offsets);

}  // namespace orders::sqlite
