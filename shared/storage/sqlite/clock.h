#pragma once

// The SQLite backend's own time, read off both clocks that matter: the wall clock, for what people
// read, and the boot clock (Linux CLOCK_BOOTTIME), for leases. The boot clock counts through
// suspend, is the same in all containers of a machine, and no administrator can set it. It starts
// again with each boot, so it means something only together with the boot's id.
//
// All processes that use a SQLite file are on one machine, so another boot's id means that the
// process that wrote it is dead. That holds for no other backend, and nothing outside this folder
// knows of boots.

#include <chrono>
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
    // Reads the boot id. Throws std::runtime_error if the machine has none (it is Linux's
    // /proc/sys/kernel/random/boot_id).
    SystemClock();
    // Throws StoreError (busy) while the wall clock has not been set.
    [[nodiscard]] Moment now() const override;

   private:
    std::string boot_id_;
};

}  // namespace orders::sqlite
