#include "shared/storage/sqlite/clock.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <sstream>
#include <string>

#include "tests/unit/storage/database_under_test.h"

namespace orders::sqlite {
namespace {

using namespace std::chrono_literals;

TEST_CASE("clock: the machine's own tells the wall clock's time") {
    const SystemClock clock;
    const auto before =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const Moment moment = clock.now();
    CHECK(moment.utc >= before);
    CHECK(moment.utc <= std::chrono::system_clock::now());
}

TEST_CASE("clock: a wall clock that was never set is refused until it is") {
    using namespace std::chrono_literals;
    const UtcTime first_of_2020(1'577'836'800'000ms);
    for (const UtcTime unset : {UtcTime(-157'766'400'000ms), UtcTime(0ms), first_of_2020 - 1ms}) {
        const StoreError error = error_of([&] { require_set_clock(unset); });
        CHECK(error.kind() == StoreError::Kind::busy);
        CHECK_FALSE(error.is_fatal());
        CHECK_MESSAGE(std::string(error.what()).find(to_rfc3339(unset)) != std::string::npos,
                      error.what());
    }
    CHECK_NOTHROW(require_set_clock(first_of_2020));
}

TEST_CASE("clock: the boot clock never runs backwards and names the boot it counts from") {
    const SystemClock clock;
    const Moment first = clock.now();
    const Moment second = clock.now();
    CHECK(first.since_boot.count() > 0);
    CHECK(second.since_boot >= first.since_boot);
    CHECK(second.boot_id == first.boot_id);
    CHECK(SystemClock().now().boot_id == first.boot_id);

    CHECK(first.boot_id.size() == 36);  // a UUID, without the line's end
    CHECK(std::all_of(first.boot_id.begin(), first.boot_id.end(),
                      [](unsigned char c) { return std::isxdigit(c) != 0 || c == '-'; }));
}

TEST_CASE("clock: a time namespace's shift of the boot clock is known, with its sign") {
    const auto shift = [](const std::string& offsets) {
        std::istringstream stream(offsets);
        return boot_clock_shift(stream);
    };
    CHECK(shift("monotonic           5         6\nboottime       100000         7\n") ==
          100'000s + 7ns);
    CHECK(shift("monotonic           0         0\nboottime          -60 500000000\n") == -59'500ms);
    CHECK(shift("monotonic           0         0\nboottime            0         0\n") == 0s);
    CHECK(shift("monotonic           5         6\n") == 0s);
    CHECK(shift("boottime soon") == 0s);
    CHECK(shift("") == 0s);
}

}  // namespace
}  // namespace orders::sqlite
