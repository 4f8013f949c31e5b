#include "shared/storage/sqlite/clock.h"

#include <time.h>

#include <fstream>
#include <stdexcept>

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

SystemClock::SystemClock() : boot_id_(read_boot_id()) {}

Moment SystemClock::now() const {
    return {UtcTime(read_clock(CLOCK_REALTIME)), read_clock(CLOCK_BOOTTIME), boot_id_};
}

}  // namespace orders::sqlite
