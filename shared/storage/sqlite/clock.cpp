#include "shared/storage/sqlite/clock.h"

#include <time.h>

#include <fstream>
#include <stdexcept>

#include "shared/storage/store_error.h"

namespace orders::sqlite {
namespace {

std::chrono::milliseconds read_clock(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);  // cannot fail: Linux has both clocks since 2.6.39
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::seconds(time.tv_sec) +
                                                         std::chrono::nanoseconds(time.tv_nsec));
}

std::string read_boot_id() {
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string id;
    file >> id;  // the one word in it, without the line's end
    if (id.empty()) {
        throw std::runtime_error("cannot read the boot id from /proc/sys/kernel/random/boot_id");
    }
    return id;
}

}  // namespace

void require_set_clock(UtcTime time) {
    using namespace std::chrono;
    constexpr UtcTime earliest = sys_days(2020y / January / 1);
    if (time >= earliest) return;
    throw StoreError(StoreError::Kind::busy, StoreError::Cure::time, "tell the time",
                     "the machine's clock says " + to_rfc3339(time), "set the clock");
}

SystemClock::SystemClock() : boot_id_(read_boot_id()) {}

Moment SystemClock::now() const {
    const UtcTime utc(read_clock(CLOCK_REALTIME));
    require_set_clock(utc);
    return {utc, read_clock(CLOCK_BOOTTIME), boot_id_};
}

}  // namespace orders::sqlite
