#include "worker/processors/breaker.h"

#include <doctest/doctest.h>

#include <chrono>

namespace orders::test {

using namespace std::chrono_literals;

namespace {

using Sign = Breaker::Sign;
using Change = Breaker::Change;

// With a clock of its own.
struct BreakerUser {
    Change pass(Sign sign) {
        const auto ticket = breaker.begin();
        return breaker.end(ticket, sign, now);
    }
    void open() {
        for (int failure = 1; failure < Breaker::failures_to_open; ++failure) {
            REQUIRE(pass(Sign::failing) == Change::none);
        }
        REQUIRE(pass(Sign::failing) == Change::opened);
    }
    [[nodiscard]] std::size_t allowed() const { return breaker.allowed(64, now); }

    Breaker breaker;
    SteadyTime now = SteadyTime(100h);
};

}  // namespace

TEST_CASE("breaker: it opens after so many failures in a row, and not before") {
    BreakerUser user;
    for (int failure = 1; failure < Breaker::failures_to_open; ++failure) user.pass(Sign::failing);
    CHECK(user.allowed() == 64);
    CHECK(user.pass(Sign::working) == Change::none);  // the count begins again
    user.open();
    CHECK(user.breaker.is_open());
    CHECK(user.allowed() == 0);
}

TEST_CASE("breaker: work that was given up counts neither way") {
    BreakerUser user;
    for (int failure = 1; failure < Breaker::failures_to_open; ++failure) user.pass(Sign::failing);
    CHECK(user.pass(Sign::none) == Change::none);
    CHECK(user.pass(Sign::failing) == Change::opened);
}

TEST_CASE("breaker: the rests between probes double, from a second to half a minute") {
    BreakerUser user;
    user.open();
    for (const auto rest : {1s, 2s, 4s, 8s, 16s, 30s, 30s}) {
        CAPTURE(rest.count());
        CHECK(user.breaker.next_probe() == user.now + rest);
        user.now += rest - 1ms;
        CHECK(user.allowed() == 0);
        user.now += 1ms;
        CHECK(user.allowed() == 1);
        CHECK(user.pass(Sign::failing) == Change::none);
        CHECK(user.allowed() == 0);
    }
}

TEST_CASE("breaker: one probe at a time") {
    BreakerUser user;
    user.open();
    user.now += 1s;
    const auto probe = user.breaker.begin();
    user.now += 1h;
    CHECK(user.allowed() == 0);
    CHECK_FALSE(user.breaker.next_probe());
    SUBCASE("its success closes the breaker") {
        CHECK(user.breaker.end(probe, Sign::working, user.now) == Change::closed);
        CHECK(user.allowed() == 64);
        user.open();  // from the beginning
        CHECK(user.breaker.next_probe() == user.now + 1s);
    }
    SUBCASE("one that is given up makes room for the next after as long a rest") {
        CHECK(user.breaker.end(probe, Sign::none, user.now) == Change::none);
        CHECK(user.breaker.next_probe() == user.now + 1s);
    }
}

TEST_CASE(
    "breaker: work from before it opened can close it, and does not keep it open for longer") {
    BreakerUser user;
    const auto early = user.breaker.begin();
    user.open();
    SUBCASE("failure") {
        for (int failure = 0; failure < 64; ++failure) {
            CHECK(user.breaker.end(early, Sign::failing, user.now + 900ms) == Change::none);
        }
        CHECK(user.breaker.next_probe() == user.now + 1s);
    }
    SUBCASE("success") {
        CHECK(user.breaker.end(early, Sign::working, user.now) == Change::closed);
        CHECK(user.allowed() == 64);
    }
}

TEST_CASE("breaker: a probe of an earlier opening is none of the next one's") {
    BreakerUser user;
    const auto early = user.breaker.begin();
    user.open();
    user.now += 1s;
    const auto stale = user.breaker.begin();
    user.breaker.end(early, Sign::working, user.now);
    user.open();
    user.now += 1s;
    const auto probe = user.breaker.begin();
    CHECK(user.breaker.end(stale, Sign::failing, user.now) == Change::none);
    CHECK_FALSE(user.breaker.next_probe());  // the probe is still out
    CHECK(user.breaker.end(probe, Sign::failing, user.now) == Change::none);
    CHECK(user.breaker.next_probe() == user.now + 2s);
}

}  // namespace orders::test
