// What GroupCommit does when its store fails, and what it knows of whether the store takes writes.

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/intake/commits_under_test.h"

namespace orders::test {
namespace {

using Cure = StoreError::Cure;
using Kind = StoreError::Kind;

// How a store fails, and what the work that this concerns is told.
struct Failing {
    StoreStep step;
    Kind kind;
    std::string answer;
};

}  // namespace

TEST_CASE("group_commit: work that could not be stored for now is told why, and all goes on") {
    for (const Failing& failing :
         std::vector<Failing>{{StoreStep::commit, Kind::full, "disk_full"},
                              {StoreStep::commit, Kind::busy, "overloaded"},
                              {StoreStep::commit, Kind::outcome_unknown, "outcome_unknown"}}) {
        CAPTURE(failing.answer);
        CommitsUnderTest commits({.max_wait = no_limit});
        // Which failures pass is for the backend to say: a broken connection is one of them.
        commits.script.fail(failing.step, failing.kind, Cure::time);
        CHECK_EQ(commits.told({"a"}), failing.answer);
        CHECK_EQ(commits.script.commits().size(), 0);
        CHECK_EQ(commits.told({"b"}), "finished");
        CHECK_EQ(commits.fatal_calls, 0);
    }
}

TEST_CASE(
    "group_commit: a store that only a new process can mend is reported once, then all is "
    "refused") {
    for (const Failing& failing :
         std::vector<Failing>{{StoreStep::begin, Kind::unusable, "stopping"},
                              {StoreStep::begin, Kind::outcome_unknown, "stopping"},
                              {StoreStep::level, Kind::unusable, "stopping"},
                              {StoreStep::commit, Kind::damaged, "store_damaged"},
                              {StoreStep::commit, Kind::unusable, "stopping"},
                              {StoreStep::commit, Kind::replaced, "outcome_unknown"},
                              {StoreStep::commit, Kind::outcome_unknown, "outcome_unknown"}}) {
        CAPTURE(static_cast<int>(failing.step));
        CAPTURE(failing.answer);
        CommitsUnderTest commits({.max_wait = no_limit});
        commits.script.fail(failing.step, failing.kind);
        CHECK_EQ(commits.told({"a"}), failing.answer);
        eventually(patience, [&] { return commits.fatal_calls == 1; });

        const int begun = commits.script.calls(StoreStep::begin);
        for (int i = 0; i < 3; ++i) CHECK_EQ(commits.told({"later"}), "stopping");
        CHECK_EQ(commits.is_known_writable(), false);
        CHECK_EQ(commits.script.calls(StoreStep::begin), begun);
        CHECK_EQ(commits.script.commits().size(), 0);
        CHECK_EQ(commits.fatal_calls, 1);
    }
}

TEST_CASE("group_commit: work that waits while the store fails for good is told it is not stored") {
    CommitsUnderTest commits({.max_wait = no_limit});
    Answer taken = commits.submit_until_held("taken", StoreStep::commit);
    auto waiting = commits.submit_waiting({{"a"}, {"b"}, {"c"}});

    commits.script.fail(StoreStep::commit, Kind::outcome_unknown);
    commits.script.release(StoreStep::commit);

    CHECK_EQ(taken.get(), "outcome_unknown");
    CHECK_EQ(count_told(waiting), Counts{{"stopping", 3}});
    eventually(patience, [&] { return commits.fatal_calls == 1; });
    CHECK_EQ(commits.script.calls(StoreStep::begin), 1);
}

TEST_CASE("group_commit: work that waits while a group fails for now is stored in the next one") {
    CommitsUnderTest commits({.max_wait = no_limit});
    Answer taken = commits.submit_until_held("taken", StoreStep::commit);
    auto waiting = commits.submit_waiting({{"a"}, {"b"}, {"c"}});

    commits.script.fail(StoreStep::commit, Kind::full);
    commits.script.release(StoreStep::commit);

    CHECK_EQ(taken.get(), "disk_full");
    CHECK_EQ(count_told(waiting), Counts{{"finished", 3}});
    CHECK_EQ(commits.script.commits().size(), 1);
}

TEST_CASE("group_commit: work that did not join a group is told its own reason if that fails") {
    CommitsUnderTest commits({.max_wait = no_limit});
    Answer first = commits.submit_until_held("first", StoreStep::commit);
    auto gathered =
        commits.submit_waiting({{"a"}, {.name = "unwilling", .decision = Refusal::queue_full}});
    commits.script.release(StoreStep::commit);
    CHECK_EQ(first.get(), "finished");
    CHECK_EQ(count_told(gathered), Counts{{"finished", 1}, {"queue_full", 1}});

    first = commits.submit_until_held("second", StoreStep::begin);
    gathered =
        commits.submit_waiting({{"a"}, {.name = "unwilling", .decision = Refusal::queue_full}});
    commits.script.fail(StoreStep::commit, Kind::outcome_unknown);
    commits.script.release(StoreStep::begin);
    CHECK_EQ(first.get(), "outcome_unknown");
    CHECK_EQ(count_told(gathered), Counts{{"outcome_unknown", 1}, {"queue_full", 1}});
}

TEST_CASE("group_commit: a turn that cannot be had is tried again while the work has time") {
    for (const StoreStep step : {StoreStep::begin, StoreStep::level}) {
        for (const Kind kind : {Kind::busy, Kind::full}) {
            CommitsUnderTest commits({.max_wait = no_limit});
            commits.script.fail(step, kind, 2);
            CHECK_EQ(commits.told({"a"}), "finished");
            CHECK_EQ(commits.script.calls(StoreStep::begin), 3);
            CHECK_EQ(commits.fatal_calls, 0);
        }
    }
}

TEST_CASE("group_commit: work whose time is up while no turn can be had is not stored") {
    CommitsUnderTest commits({.max_wait = short_wait});
    commits.script.fail(StoreStep::begin, Kind::busy, StoreScript::always);
    CHECK_EQ(commits.told({"a"}), "overloaded");
    commits.script.succeed(StoreStep::begin);
    CHECK_EQ(commits.told_in_the_end({"b"}), "finished");
    CHECK_EQ(commits.groups(), std::vector<Ids>{{"b"}});
    CHECK_EQ(commits.fatal_calls, 0);
}

TEST_CASE("group_commit: housekeeping that fails does not touch what was told before it") {
    CommitsUnderTest commits({.max_wait = no_limit});
    SUBCASE("for now: all goes on") {
        for (const Kind kind : {Kind::busy, Kind::full}) {
            commits.script.fail(StoreStep::tidy, kind);
            CHECK_EQ(commits.told({"a"}), "finished");
            CHECK_EQ(commits.told({"b"}), "finished");
        }
        CHECK_EQ(commits.fatal_calls, 0);
    }
    SUBCASE("for good: all is refused after it") {
        commits.script.fail(StoreStep::tidy, Kind::unusable);
        CHECK_EQ(commits.told({"a"}), "finished");
        eventually(patience, [&] { return commits.fatal_calls == 1; });
        CHECK_EQ(commits.told({"b"}), "stopping");
        CHECK_EQ(commits.is_known_writable(), false);
    }
}

TEST_CASE("group_commit: a commit proves for a second that the store takes writes") {
    CommitsUnderTest commits({.max_wait = no_limit});
    CHECK_EQ(commits.is_known_writable(), std::nullopt);
    // Tries again if this machine was too slow.
    eventually(patience, [&] {
        const auto began = std::chrono::steady_clock::now();
        const bool is_stored = commits.told({"a"}) == "finished";
        const std::optional<bool> is_writable = commits.is_known_writable();
        if (std::chrono::steady_clock::now() - began >= std::chrono::seconds(1)) return false;
        CHECK(is_stored);
        CHECK_EQ(is_writable, true);
        return true;
    });
    eventually(patience, [&] { return !commits.is_known_writable().has_value(); });
}

TEST_CASE("group_commit: a commit that failed proves nothing") {
    CommitsUnderTest commits({.max_wait = no_limit});
    commits.script.fail(StoreStep::commit, Kind::full);
    CHECK_EQ(commits.told({"a"}), "disk_full");
    CHECK_EQ(commits.is_known_writable(), std::nullopt);
}

TEST_CASE("group_commit: a store that is replaced is noticed though there is no work") {
    CommitsUnderTest commits({.max_wait = no_limit});
    eventually(patience, [&] { return commits.script.calls(StoreStep::require_in_place) > 0; });
    CHECK_EQ(commits.fatal_calls, 0);
    commits.script.fail(StoreStep::require_in_place, Kind::replaced);
    eventually(patience, [&] { return commits.fatal_calls == 1; });
    CHECK_EQ(commits.is_known_writable(), false);
    CHECK_EQ(commits.told({"late"}), "stopping");
}

}  // namespace orders::test
