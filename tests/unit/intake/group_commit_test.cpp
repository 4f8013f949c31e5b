// GroupCommit: what gathers into a group, how long it may wait for that, and what it is told.

#include "api/intake/group_commit.h"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/intake/commits_under_test.h"

namespace orders::test {
namespace {

constexpr std::size_t unbounded = 1'000'000;

}  // namespace

TEST_CASE("group_commit: work that gathers while a group is committed makes the next group") {
    CommitsUnderTest commits({.max_wait = no_limit});
    Answer first = commits.submit_until_held("first", StoreStep::commit);
    auto gathered = commits.submit_waiting({{"a"}, {"b"}, {"c"}});

    commits.script.release(StoreStep::commit);

    CHECK_EQ(first.get(), "finished");
    CHECK_EQ(count_told(gathered), Counts{{"finished", 3}});
    CHECK_EQ(commits.groups(), std::vector<Ids>{{"first"}, {"a", "b", "c"}});
    CHECK_EQ(commits.script.commits().size(), 2);
}

TEST_CASE("group_commit: a group is no larger than its limits, and splits no work") {
    for (const WorkLoad& limit :
         {WorkLoad{.units = 7, .bytes = unbounded}, WorkLoad{.units = unbounded, .bytes = 7}}) {
        CAPTURE(limit.units);
        CommitsUnderTest commits({.max_wait = no_limit, .max_group = limit});
        Answer first = commits.submit_until_held("first", StoreStep::commit);
        constexpr WorkLoad three{.units = 3, .bytes = 3};
        auto gathered =
            commits.submit_waiting({{"a", three}, {"b", three}, {"c", three}, {"d", three}});

        commits.script.release(StoreStep::commit);

        CHECK_EQ(count_told(gathered), Counts{{"finished", 4}});
        CHECK_EQ(commits.groups(), std::vector<Ids>{{"first"}, {"a", "b"}, {"c", "d"}});
    }
}

TEST_CASE("group_commit: work that is larger than a group may be makes one by itself") {
    for (const WorkLoad& large :
         {WorkLoad{.units = 20, .bytes = 1}, WorkLoad{.units = 1, .bytes = 20}}) {
        CAPTURE(large.units);
        CommitsUnderTest commits({.max_wait = no_limit, .max_group = {.units = 7, .bytes = 7}});
        Answer first = commits.submit_until_held("first", StoreStep::commit);
        auto gathered = commits.submit_waiting({{"small"}, {"large", large}, {"next"}});

        commits.script.release(StoreStep::commit);

        CHECK_EQ(count_told(gathered), Counts{{"finished", 3}});
        CHECK_EQ(commits.groups(), std::vector<Ids>{{"first"}, {"small"}, {"large"}, {"next"}});
    }
}

TEST_CASE("group_commit: while too much waits, more is refused at once, and what waits is not") {
    for (const WorkLoad& limit :
         {WorkLoad{.units = 4, .bytes = unbounded}, WorkLoad{.units = unbounded, .bytes = 4}}) {
        CAPTURE(limit.units);
        CommitsUnderTest commits({.max_wait = no_limit, .max_waiting = limit});
        commits.script.hold(StoreStep::begin);
        auto waiting = commits.submit_waiting({{"a"}, {"b", {.units = 2, .bytes = 2}}, {"c"}});
        CHECK_EQ(commits.told({"more"}), "overloaded");

        commits.script.release(StoreStep::begin);
        CHECK_EQ(count_told(waiting), Counts{{"finished", 3}});

        // What was taken waits no more.
        Answer taken = commits.submit_until_held("taken", StoreStep::commit);
        waiting = commits.submit_waiting({{"d", {.units = 4, .bytes = 4}}});
        CHECK_EQ(commits.told({"more"}), "overloaded");
        commits.script.release(StoreStep::commit);
        CHECK_EQ(taken.get(), "finished");
        CHECK_EQ(count_told(waiting), Counts{{"finished", 1}});
    }
}

TEST_CASE("group_commit: work that is larger than all that may wait is refused at once") {
    CommitsUnderTest commits({.max_wait = no_limit, .max_waiting = {.units = 4, .bytes = 4}});
    CHECK_EQ(commits.told({"large", {.units = 5, .bytes = 1}}), "overloaded");
    CHECK_EQ(commits.told({"large", {.units = 1, .bytes = 5}}), "overloaded");
    CHECK_EQ(commits.told({"just right", {.units = 4, .bytes = 4}}), "finished");
}

TEST_CASE("group_commit: work that was withdrawn waits no more") {
    CommitsUnderTest commits({.max_wait = short_wait, .max_waiting = {.units = 4, .bytes = 4}});
    constexpr WorkLoad all{.units = 4, .bytes = 4};
    commits.script.hold(StoreStep::begin);
    CHECK_EQ(commits.told({"late", all}), "overloaded");
    commits.script.release(StoreStep::begin);
    CHECK_EQ(commits.told_in_the_end({"next", all}), "finished");
}

TEST_CASE("group_commit: what was taken counts for the bound on memory until it has been told") {
    CommitsUnderTest commits({.max_wait = no_limit, .max_unanswered_bytes = 10});
    Answer taken = commits.submit_until_held("taken", StoreStep::commit);  // which has 1 byte
    auto waiting = commits.submit_waiting({{"a", {.units = 1, .bytes = 9}}});
    CHECK_EQ(commits.told({"more"}), "overloaded");

    commits.script.release(StoreStep::commit);
    CHECK_EQ(taken.get(), "finished");
    CHECK_EQ(count_told(waiting), Counts{{"finished", 1}});
    CHECK_EQ(commits.told_in_the_end({"all", {.units = 1, .bytes = 10}}), "finished");
    CHECK_EQ(commits.told({"too much", {.units = 1, .bytes = 11}}), "overloaded");
}

TEST_CASE("group_commit: what was refused counts no more for the bound on memory") {
    constexpr WorkLoad all{.units = 1, .bytes = 10};
    CommitsUnderTest commits({.max_wait = short_wait, .max_unanswered_bytes = 10});
    SUBCASE("because its time was up") {
        commits.script.hold(StoreStep::begin);
        CHECK_EQ(commits.told({"refused", all}), "overloaded");
        commits.script.release(StoreStep::begin);
    }
    SUBCASE("because it decided so") {
        CHECK_EQ(commits.told_in_the_end({"refused", all, Refusal::queue_full}), "queue_full");
    }
    SUBCASE("because the store failed") {
        commits.script.fail(StoreStep::commit, StoreError::Kind::full);
        CHECK_EQ(commits.told_in_the_end({"refused", all}), "disk_full");
    }
    CHECK_EQ(commits.told_in_the_end({"next", all}), "finished");
}

TEST_CASE("group_commit: work is destroyed when it has been told") {
    CommitsUnderTest commits({.max_wait = no_limit, .max_waiting = {.units = 4, .bytes = 4}});
    CHECK_EQ(commits.told({"finished"}), "finished");
    CHECK_EQ(commits.told({"at once", {.units = 5, .bytes = 5}}), "overloaded");
    CHECK_EQ(commits.told({"by itself", {.units = 1, .bytes = 1}, Refusal::disk_full}),
             "disk_full");
    eventually(patience, [&] { return commits.works_alive == 0; });
}

TEST_CASE("group_commit: work that does not join a group leaves the others of it alone") {
    CommitsUnderTest commits({.max_wait = no_limit});
    Answer first = commits.submit_until_held("first", StoreStep::commit);
    auto gathered = commits.submit_waiting(
        {{"a"}, {.name = "unwilling", .decision = Refusal::queue_full}, {"b"}});

    commits.script.release(StoreStep::commit);

    CHECK_EQ(count_told(gathered), Counts{{"finished", 2}, {"queue_full", 1}});
    CHECK_EQ(commits.groups(), std::vector<Ids>{{"first"}, {"a", "b"}});
}

TEST_CASE("group_commit: a group that nothing joined is not committed") {
    CommitsUnderTest commits({.max_wait = no_limit});
    CHECK_EQ(commits.told({.name = "unwilling", .decision = Refusal::disk_full}), "disk_full");
    CHECK_EQ(commits.script.calls(StoreStep::commit), 0);
    CHECK_EQ(commits.script.rollbacks(), 1);
    CHECK_EQ(commits.is_known_writable(), std::nullopt);
}

TEST_CASE("group_commit: work whose time is up before the writer has its turn is not stored") {
    for (const StoreStep step : {StoreStep::begin, StoreStep::level}) {
        CommitsUnderTest commits({.max_wait = short_wait});
        commits.script.hold(step);
        CHECK_EQ(commits.told({"late"}), "overloaded");

        commits.script.release(step);
        eventually(patience, [&] { return commits.script.rollbacks() == 1; });

        CHECK_EQ(commits.groups().size(), 0);
        CHECK_EQ(commits.told_in_the_end({"next"}), "finished");
    }
}

TEST_CASE("group_commit: work whose time is up while a group is committed is not stored") {
    CommitsUnderTest commits({.max_wait = short_wait});
    Answer first = commits.submit_until_held("first", StoreStep::commit);
    CHECK_EQ(commits.told({"late"}), "overloaded");

    commits.script.release(StoreStep::commit);

    CHECK_EQ(first.get(), "finished");
    CHECK_EQ(commits.told_in_the_end({"next"}), "finished");
    CHECK_EQ(commits.groups(), std::vector<Ids>{{"first"}, {"next"}});
}

TEST_CASE("group_commit: work that was taken waits for the commit, however long it takes") {
    CommitsUnderTest commits({.max_wait = short_wait});
    Answer taken = commits.submit_until_held("taken", StoreStep::commit);
    // What came later and was refused proves that the time of the first is up as well.
    CHECK_EQ(commits.told({"late"}), "overloaded");
    CHECK_FALSE(is_answered(taken));

    commits.script.release(StoreStep::commit);
    CHECK_EQ(taken.get(), "finished");
}

TEST_CASE("group_commit: whoever is told after a long commit may send more at once") {
    CommitsUnderTest commits({.max_wait = short_wait});
    // At least once, since the writer itself may be kept from running for longer than work may
    // wait.
    eventually(patience, [&] {
        Answer more;
        Answer told = commits.submit_until_held(
            NamedWork{.name = "told", .when_told = [&] { more = commits.submit({"more"}); }},
            StoreStep::commit);
        CHECK_EQ(commits.told({"late"}), "overloaded");
        commits.script.release(StoreStep::commit);
        CHECK_EQ(told.get(), "finished");
        return more.get() == "finished";
    });
}

TEST_CASE("group_commit: while the turn is out of reach, new work is refused at once") {
    CommitsUnderTest commits({.max_wait = short_wait});
    commits.script.hold(StoreStep::begin);
    CHECK_EQ(commits.told({"first"}), "overloaded");
    // If each of them waited for its time to be up, this would outlast the limit of any test.
    for (int i = 0; i < 10'000; ++i) REQUIRE_EQ(commits.told({"refused"}), "overloaded");

    commits.script.release(StoreStep::begin);
    CHECK_EQ(commits.told_in_the_end({"next"}), "finished");
    CHECK_EQ(commits.groups(), std::vector<Ids>{{"next"}});
}

TEST_CASE("group_commit: while housekeeping waits for its turn, new work is refused at once") {
    CommitsUnderTest commits({.max_wait = short_wait});
    commits.script.hold(StoreStep::tidy);
    CHECK_EQ(commits.told_in_the_end({"stored"}), "finished");
    eventually(patience, [&] { return commits.script.is_anybody_held(StoreStep::tidy); });
    CHECK_EQ(commits.told({"first"}), "overloaded");
    for (int i = 0; i < 10'000; ++i) REQUIRE_EQ(commits.told({"refused"}), "overloaded");

    commits.script.release(StoreStep::tidy);
    CHECK_EQ(commits.told_in_the_end({"next"}), "finished");
}

TEST_CASE("group_commit: everybody is told when the turn is over, and housekeeping comes last") {
    CommitsUnderTest commits({.max_wait = no_limit});
    commits.script.hold(StoreStep::tidy);
    CHECK_EQ(commits.told({"finished"}), "finished");
    eventually(patience, [&] { return commits.script.is_anybody_held(StoreStep::tidy); });
    commits.script.release(StoreStep::tidy);
    CHECK_EQ(commits.told({.name = "unwilling", .decision = Refusal::disk_full}), "disk_full");
    commits.script.fail(StoreStep::commit, StoreError::Kind::busy);
    CHECK_EQ(commits.told({"failed"}), "overloaded");
    CHECK_EQ(commits.told_while_turn_was_open, 0);
}

TEST_CASE("group_commit: each of many pieces of work is told once, whatever becomes of it") {
    constexpr int thread_count = 4;
    constexpr int each = 2'000;
    CommitsUnderTest commits({.max_wait = std::chrono::milliseconds(1),
                              .max_waiting = {.units = 20, .bytes = unbounded},
                              .max_group = {.units = 3, .bytes = unbounded}});
    std::array<std::atomic<int>, 2> told{};  // refused, finished
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < thread_count; ++thread) {
            threads.emplace_back([&] {
                std::vector<Answer> answers;
                for (int i = 0; i < each; ++i) answers.push_back(commits.submit({"work"}));
                for (Answer& answer : answers) ++told.at(answer.get() == "finished" ? 1 : 0);
            });
        }
    }
    CHECK_EQ(told.at(0) + told.at(1), thread_count * each);
    int joined = 0;
    for (const Ids& group : commits.groups()) {
        CHECK(group.size() <= 3);
        joined += static_cast<int>(group.size());
    }
    CHECK_EQ(told.at(1), joined);
}

TEST_CASE("group_commit: when it is destroyed, its group is stored and what waits is refused") {
    CommitsUnderTest commits({.max_wait = no_limit});
    Answer taken = commits.submit_until_held("taken", StoreStep::commit);
    auto waiting = commits.submit_waiting({{"a"}, {"b"}});
    {
        const std::jthread end([&] { commits.destroy(); });
        commits.script.release(StoreStep::commit);
    }
    CHECK_EQ(taken.get(), "finished");
    // The next group may have begun before the end did.
    const Counts counts = count_told(waiting);
    CHECK((counts == Counts{{"stopping", 2}} || counts == Counts{{"finished", 2}}));
    CHECK_EQ(commits.works_alive, 0);
}

TEST_CASE("group_commit: one that nobody used ends when it is destroyed") {
    CommitsUnderTest commits({.max_wait = no_limit});
    commits.destroy();
    CHECK_EQ(commits.script.calls(StoreStep::begin), 0);
}

}  // namespace orders::test
