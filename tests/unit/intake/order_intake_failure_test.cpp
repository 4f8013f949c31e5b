// What OrderIntake does when its store fails, and how it tells whether the store takes writes.

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "tests/support/intake_under_test.h"

namespace orders::test {
namespace {

using Kind = StoreError::Kind;

// How a store fails, and what those are told whom it concerns.
struct Failing {
    StoreStep step;
    Kind kind;
    std::string answer = {};
};

// Whatever of a case takes less than a second: tries again where this machine was too slow for it.
template <typename Quick>
void within_a_second(Quick quick) {
    eventually(patience, [&] {
        const auto began = std::chrono::steady_clock::now();
        const auto check = quick();
        if (std::chrono::steady_clock::now() - began >= std::chrono::seconds(1)) return false;
        check();
        return true;
    });
}

}  // namespace

TEST_CASE("orders that could not be stored for now are told why, and the intake goes on") {
    for (const Failing& failing :
         std::vector<Failing>{{StoreStep::submit, Kind::full, "disk_full"},
                              {StoreStep::submit, Kind::busy, "overloaded"},
                              {StoreStep::commit, Kind::full, "disk_full"},
                              {StoreStep::commit, Kind::busy, "overloaded"}}) {
        CAPTURE(static_cast<int>(failing.step));
        CAPTURE(failing.answer);
        IntakeUnderTest intake({.max_wait = no_limit});
        intake.script.fail(failing.step, failing.kind);
        CHECK_EQ(intake.submit("a"), failing.answer);
        CHECK_EQ(intake.script.commits().size(), 0);
        CHECK_EQ(intake.submit("a"), "created");
        CHECK_EQ(intake.fatal_calls, 0);
    }
}

TEST_CASE("a store that only a new process can mend is reported once, and all is refused then") {
    for (const Failing& failing :
         std::vector<Failing>{{StoreStep::begin, Kind::unusable, "stopping"},
                              {StoreStep::begin, Kind::outcome_unknown, "stopping"},
                              {StoreStep::submit, Kind::unusable, "stopping"},
                              {StoreStep::submit, Kind::outcome_unknown, "outcome_unknown"},
                              {StoreStep::commit, Kind::unusable, "stopping"},
                              {StoreStep::commit, Kind::outcome_unknown, "outcome_unknown"}}) {
        CAPTURE(static_cast<int>(failing.step));
        CAPTURE(failing.answer);
        IntakeUnderTest intake({.max_wait = no_limit});
        intake.script.fail(failing.step, failing.kind);
        CHECK_EQ(intake.submit("a"), failing.answer);
        eventually(patience, [&] { return intake.fatal_calls == 1; });

        const int begun = intake.script.calls(StoreStep::begin);
        for (int i = 0; i < 3; ++i) CHECK_EQ(intake.submit("a"), "stopping");
        CHECK_FALSE(intake.is_writable());
        CHECK_EQ(intake.script.calls(StoreStep::begin), begun);
        CHECK_EQ(intake.script.commits().size(), 0);
        CHECK_EQ(intake.fatal_calls, 1);
    }
}

TEST_CASE("orders that wait while the store fails for good are told that they are not stored") {
    IntakeUnderTest intake({.max_wait = no_limit});
    intake.script.hold(StoreStep::commit);
    Answer taken = intake.submit_until_held("taken", StoreStep::commit);
    auto waiting = intake.submit_waiting({{an_order("a")}, {an_order("b")}, {an_order("c")}});

    intake.script.fail(StoreStep::commit, Kind::outcome_unknown);
    intake.script.release(StoreStep::commit);

    CHECK_EQ(told(taken.get()), "outcome_unknown");
    CHECK_EQ(count_told(waiting), std::map<std::string, int>{{"stopping", 3}});
    eventually(patience, [&] { return intake.fatal_calls == 1; });
    CHECK_EQ(intake.script.calls(StoreStep::begin), 1);
}

TEST_CASE("orders that wait while a group fails for now are stored in the next one") {
    IntakeUnderTest intake({.max_wait = no_limit});
    intake.script.hold(StoreStep::commit);
    Answer taken = intake.submit_until_held("taken", StoreStep::commit);
    auto waiting = intake.submit_waiting({{an_order("a")}, {an_order("b")}, {an_order("c")}});

    intake.script.fail(StoreStep::commit, Kind::full);
    intake.script.release(StoreStep::commit);

    CHECK_EQ(told(taken.get()), "disk_full");
    CHECK_EQ(count_told(waiting), std::map<std::string, int>{{"created", 3}});
    CHECK_EQ(intake.script.commits().size(), 1);
}

TEST_CASE("a turn that cannot be had is tried again while the order has time") {
    for (const Kind kind : {Kind::busy, Kind::full}) {
        IntakeUnderTest intake({.max_wait = no_limit});
        intake.script.fail(StoreStep::begin, kind, 2);
        CHECK_EQ(intake.submit("a"), "created");
        CHECK_EQ(intake.script.calls(StoreStep::begin), 3);
        CHECK_EQ(intake.fatal_calls, 0);
    }
}

TEST_CASE("an order whose time is up while no turn can be had is not stored") {
    IntakeUnderTest intake({.max_wait = short_wait});
    intake.script.fail(StoreStep::begin, Kind::busy, StoreScript::always);
    CHECK_EQ(intake.submit("a"), "overloaded");
    intake.script.fail(StoreStep::begin, Kind::busy, 0);
    CHECK_EQ(intake.submit_until_taken("a"), "created");
    CHECK_EQ(intake.fatal_calls, 0);
}

TEST_CASE("housekeeping that fails does not touch what was answered before it") {
    IntakeUnderTest intake({.max_wait = no_limit});
    SUBCASE("for now: the intake goes on") {
        for (const Kind kind : {Kind::busy, Kind::full}) {
            intake.script.fail(StoreStep::tidy, kind);
            const std::string id = "order-" + std::to_string(static_cast<int>(kind));
            CHECK_EQ(intake.submit(id), "created");
            CHECK_EQ(intake.submit(id), "taken");
        }
        CHECK_EQ(intake.fatal_calls, 0);
    }
    SUBCASE("for good: all is refused after it") {
        intake.script.fail(StoreStep::tidy, Kind::unusable);
        CHECK_EQ(intake.submit("a"), "created");
        eventually(patience, [&] { return intake.fatal_calls == 1; });
        CHECK_EQ(intake.submit("a"), "stopping");
        CHECK_FALSE(intake.is_writable());
    }
}

TEST_CASE("a store that takes writes is found out by writing to it, not by opening it") {
    IntakeUnderTest intake({.max_wait = no_limit});
    CHECK_EQ(intake.script.calls(StoreStep::begin), 0);
    CHECK(intake.is_writable());
    CHECK_EQ(intake.script.calls(StoreStep::probe), 1);
    CHECK_EQ(intake.script.commits().size(), 1);
}

TEST_CASE("for a second after a commit nothing is written to find out whether that is possible") {
    within_a_second([] {
        IntakeUnderTest intake({.max_wait = no_limit});
        bool is_writable = intake.is_writable();
        for (int i = 0; i < 100; ++i) is_writable = is_writable && intake.is_writable();
        const int probes = intake.script.calls(StoreStep::probe);
        return [=] {
            CHECK(is_writable);
            CHECK_EQ(probes, 1);
        };
    });
    within_a_second([] {
        IntakeUnderTest intake({.max_wait = no_limit});
        const std::string answer = intake.submit("a");
        const bool is_writable = intake.is_writable();
        const int probes = intake.script.calls(StoreStep::probe);
        return [=] {
            CHECK_EQ(answer, "created");
            CHECK(is_writable);
            CHECK_EQ(probes, 0);
        };
    });
}

TEST_CASE(
    "a store that has stopped to take writes is found out, and so is one that takes them again") {
    IntakeUnderTest intake({.max_wait = no_limit});
    CHECK(intake.is_writable());
    intake.script.fail(StoreStep::commit, Kind::full, StoreScript::always);
    eventually(patience, [&] { return !intake.is_writable(); });
    intake.script.fail(StoreStep::commit, Kind::full, 0);
    CHECK(intake.is_writable());
    CHECK_EQ(intake.fatal_calls, 0);
}

TEST_CASE("a store is not writable when a write fails, or the turn cannot be had in time") {
    for (const Failing& failing :
         std::vector<Failing>{{StoreStep::begin, Kind::busy},
                              {StoreStep::begin, Kind::unusable},
                              {StoreStep::probe, Kind::full},
                              {StoreStep::probe, Kind::unusable},
                              {StoreStep::commit, Kind::busy},
                              {StoreStep::commit, Kind::full},
                              {StoreStep::commit, Kind::outcome_unknown}}) {
        CAPTURE(static_cast<int>(failing.step));
        IntakeUnderTest intake({.max_wait = short_wait});
        intake.script.fail(failing.step, failing.kind, StoreScript::always);
        CHECK_FALSE(intake.is_writable());
    }
    IntakeUnderTest intake({.max_wait = short_wait});
    intake.script.hold(StoreStep::begin);
    CHECK_FALSE(intake.is_writable());
    intake.script.release(StoreStep::begin);
    eventually(patience, [&] { return intake.is_writable(); });
}

TEST_CASE("requests of which every id is taken prove by a write that the store takes writes") {
    IntakeUnderTest intake({.max_wait = no_limit});
    CHECK_EQ(intake.submit("a"), "created");
    CHECK_EQ(intake.script.calls(StoreStep::probe), 0);
    CHECK_EQ(intake.submit("a"), "taken");
    CHECK_EQ(intake.script.calls(StoreStep::probe), 1);
    intake.script.fail(StoreStep::probe, Kind::full);
    CHECK_EQ(intake.submit("a"), "disk_full");
}

}  // namespace orders::test
