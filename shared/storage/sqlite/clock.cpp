#include "shared/storage/sqlite/clock.h"

#include <sys/stat.h>

#include <cstdint>
#include <fstream>
#include <stdexcept>

#include "shared/os/boot_time.h"
#include "shared/storage/store_error.h"

namespace orders::sqlite {
namespace {

std::chrono::milliseconds to_milliseconds(std::chrono::nanoseconds time) {
    return std::chrono::floor<std::chrono::milliseconds>(time);
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

// The offsets are those of the namespace in which children will be: mostly the process's own.
bool are_offsets_our_own() {
    struct stat own {};
    struct stat of_children {};
    return ::stat("/proc/self/ns/time", &own) == 0 &&
           ::stat("/proc/self/ns/time_for_children", &of_children) == 0 &&
           own.st_ino == of_children.st_ino;
}

std::chrono::nanoseconds read_boot_clock_shift() {
    if (!are_offsets_our_own()) return {};
    std::ifstream offsets("/proc/self/timens_offsets");
    return boot_clock_shift(offsets);
}

}  // namespace

void require_set_clock(UtcTime time) {
    using namespace std::chrono;
    constexpr UtcTime earliest = sys_days(2020y / January / 1);
    if (time >= earliest) return;
    throw StoreError(StoreError::Kind::busy, StoreError::Cure::time, "tell the time",
                     "the machine's clock says " + to_rfc3339(time), "set the clock");
}

std::chrono::nanoseconds boot_clock_shift(std::istream& timens_offsets) {
    std::string clock;
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    while (timens_offsets >> clock >> seconds >> nanoseconds) {
        if (clock != "boottime") continue;
        return std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanoseconds);
    }
    return {};
}

SystemClock::SystemClock() : boot_id_(read_boot_id()), boot_clock_shift_(read_boot_clock_shift()) {}

Moment SystemClock::now() const {
    const UtcTime utc =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    require_set_clock(utc);
    return {utc, to_milliseconds(time_since_boot() - boot_clock_shift_), boot_id_};
}

}  // namespace orders::sqlite
