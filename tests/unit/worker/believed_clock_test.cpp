#include "worker/believed_clock.h"

#include <doctest/doctest.h>

#include <chrono>

#include "tests/support/manual_clock.h"

namespace orders::test {

using namespace std::chrono_literals;

TEST_CASE("BelievedClock: it is what the wall clock was at the lowest for so long") {
    ManualClock clock;
    BelievedClock believed(clock.now(), 100s);
    const auto behind = [&] {
        const Moment now = clock.now();
        const UtcTime time = believed.read(now);
        CHECK((time == now.utc - believed.behind()));
        return believed.behind();
    };
    const auto set_ahead = [&](std::chrono::milliseconds by) {
        clock.set_utc(clock.now().utc + by);
    };
    CHECK(behind() == 0s);
    SUBCASE("one step") {
        set_ahead(1'000s);
        CHECK(behind() == 1'000s);
        clock.advance(99s);
        CHECK(behind() == 1'000s);
        clock.advance(1s);
        CHECK(behind() == 0s);
    }
    SUBCASE("a small step does not make a large one that comes later believed") {
        set_ahead(1s);
        CHECK(behind() == 1s);
        clock.advance(99s);
        set_ahead(1'000s);
        CHECK(behind() == 1'001s);
        clock.advance(1s);
        CHECK(behind() == 1'000s);
        clock.advance(99s);
        CHECK(behind() == 1'000s);
        clock.advance(1s);
        CHECK(behind() == 0s);
    }
    SUBCASE("ahead and right again") {
        set_ahead(1'000s);
        CHECK(behind() == 1'000s);
        clock.advance(50s);
        set_ahead(-1'000s);
        CHECK(behind() == 0s);
        clock.advance(200s);
        set_ahead(1'000s);
        CHECK(behind() == 1'000s);
    }
    SUBCASE("set back, it is followed at once; set right again, after as long") {
        set_ahead(-1'000s);
        CHECK(behind() == 0s);
        set_ahead(1'000s);
        CHECK(behind() == 1'000s);
        clock.advance(100s);
        CHECK(behind() == 0s);
    }
    SUBCASE("a step that nothing was read at is seen at the next") {
        clock.advance(1'000s);
        set_ahead(10s);
        clock.advance(1'000s);
        CHECK(behind() == 10s);
    }
}

}  // namespace orders::test
