// OrderIntake: what a client that submits orders is told, and whether the store takes writes.

#include "api/intake/order_intake.h"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/intake/intake_under_test.h"

namespace orders::test {
namespace {

using Kind = StoreError::Kind;

// How a store fails, and what the requests that this concerns are told.
struct Failing {
    StoreStep step;
    Kind kind;
    std::string answer = {};
};

// For the part of a case that must take less than a second: tries again if this machine was too
// slow for it.
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

TEST_CASE("order_intake: an order that was answered is in the store, as of the store's time") {
    IntakeUnderTest intake({.max_wait = no_limit});
    struct Told {
        std::vector<NewOrder> orders;
        IntakeResult result;
    };
    std::promise<Told> promise;

    intake.intake.submit({an_order("a").high().taking(7), an_order("b"), an_order("a")},
                         [&promise, only_movable = std::make_unique<int>(7)](
                             std::vector<NewOrder> orders, IntakeResult result) {
                             CHECK_EQ(*only_movable, 7);
                             promise.set_value({std::move(orders), std::move(result)});
                         });
    const Told answer = promise.get_future().get();

    CHECK_EQ(told(answer.result), "created created taken");
    const auto& first = std::get<std::vector<SubmitOutcome>>(answer.result).at(0);
    CHECK_EQ(std::get<Created>(first).created_at, StoreScript::created_at);
    const auto stored = intake.script.find("a");
    REQUIRE(stored.has_value());
    CHECK_EQ(stored->spec.priority, Priority::high);
    CHECK_EQ(stored->spec.processing_time.units(), 7);
    REQUIRE_EQ(answer.orders.size(), 3);
    CHECK_EQ(answer.orders.at(0).spec.order_id, order_id("a"));
    CHECK_EQ(answer.orders.at(0).spec.priority, Priority::high);
    CHECK_EQ(answer.orders.at(1).spec.order_id, order_id("b"));
    CHECK_EQ(intake.submit("a"), "taken");
}

TEST_CASE("order_intake: orders that are refused at once are handed back as well") {
    IntakeUnderTest intake({.max_wait = no_limit, .max_waiting = {.units = 1, .bytes = 10'000}});
    std::vector<NewOrder> handed_back;
    std::string answer;
    intake.intake.submit({an_order("a"), an_order("b")},
                         [&](std::vector<NewOrder> orders, const IntakeResult& result) {
                             handed_back = std::move(orders);
                             answer = told(result);
                         });
    CHECK_EQ(answer, "overloaded");
    REQUIRE_EQ(handed_back.size(), 2);
    CHECK_EQ(handed_back.at(1).spec.order_id, order_id("b"));
}

TEST_CASE("order_intake: each of many threads is told the outcomes of its own orders") {
    constexpr int rounds = 25;
    constexpr int thread_count = 8;
    std::atomic<int> own_created = 0;
    std::array<std::atomic<int>, rounds> shared_created{};
    IntakeUnderTest intake({.max_wait = no_limit});
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < thread_count; ++thread) {
            threads.emplace_back([&, thread] {
                for (int round = 0; round < rounds; ++round) {
                    const std::string number = std::to_string(round);
                    const std::string own = "own-" + std::to_string(thread) + "-" + number;
                    const std::string answer =
                        intake.submit({an_order("shared-" + number), an_order(own)});
                    own_created += answer.ends_with(" created") ? 1 : 0;
                    shared_created.at(static_cast<std::size_t>(round)) +=
                        answer.starts_with("created ") ? 1 : 0;
                }
            });
        }
    }
    CHECK_EQ(own_created, rounds * thread_count);
    for (const std::atomic<int>& created : shared_created) CHECK_EQ(created, 1);
    std::size_t stored = 0;
    for (const Ids& ids : intake.script.commits()) stored += ids.size();
    CHECK_EQ(stored, rounds * thread_count + rounds);
}

TEST_CASE("order_intake: of requests in one group that ask for the same id, one is told created") {
    IntakeUnderTest intake({.max_wait = no_limit});
    Answer first = intake.submit_until_held("first", StoreStep::commit);
    auto gathered =
        intake.submit_waiting(std::vector<std::vector<NewOrder>>(5, {an_order("same")}));

    intake.script.release(StoreStep::commit);

    CHECK_EQ(first.get(), "created");
    CHECK_EQ(count_told(gathered), Counts{{"created", 1}, {"taken", 4}});
    CHECK_EQ(intake.script.commits(), std::vector<Ids>{{"first"}, {"same"}});
}

TEST_CASE("order_intake: a request counts for its orders and for what is kept besides") {
    IntakeUnderTest intake({.max_wait = no_limit, .max_waiting = {.units = 7, .bytes = 100'000}});
    intake.script.hold(StoreStep::begin);
    std::vector<Answer> waiting;
    waiting.push_back(intake.submit_meanwhile({an_order("a")}, {.units = 3, .bytes = 0}));
    CHECK_EQ(intake.submit({an_order("1"), an_order("2"), an_order("3"), an_order("4")}),
             "overloaded");
    waiting.push_back(intake.submit_meanwhile({an_order("b"), an_order("c")}));
    waiting.push_back(intake.submit_meanwhile({an_order("d")}));
    CHECK_EQ(intake.submit("more"), "overloaded");

    intake.script.release(StoreStep::begin);
    CHECK_EQ(count_told(waiting), Counts{{"created", 2}, {"created created", 1}});
}

TEST_CASE("order_intake: the bytes of a request are those of its orders and of what is kept") {
    const std::string long_id(OrderId::max_length, 'x');
    CHECK_EQ(NewOrder(an_order(long_id)).memory_bytes(), sizeof(NewOrder) + long_id.size());

    IntakeUnderTest intake(
        {.max_wait = no_limit, .max_waiting = {.units = 10'000, .bytes = 9'000}});
    std::vector<NewOrder> orders(1'000, an_order("same"));
    CHECK_EQ(intake.submit(orders), "overloaded");
    CHECK_EQ(intake.submit_meanwhile({an_order("a")}, {.units = 0, .bytes = 9'000}).get(),
             "overloaded");
    orders.resize(1, an_order("same"));
    CHECK_EQ(intake.submit(orders), "created");
}

TEST_CASE("order_intake: orders that the store could not take are told why, and may come again") {
    IntakeUnderTest intake({.max_wait = no_limit});
    for (const auto& [step, kind, answer] :
         std::vector<Failing>{{StoreStep::commit, Kind::full, "disk_full"},
                              {StoreStep::commit, Kind::busy, "overloaded"}}) {
        intake.script.fail(step, kind);
        CHECK_EQ(intake.submit("a"), answer);
        CHECK_FALSE(intake.script.find("a").has_value());
    }
    CHECK_EQ(intake.submit("a"), "created");
    CHECK_EQ(intake.fatal_calls, 0);
}

TEST_CASE("order_intake: whether a store takes writes is found out by writing, not by opening") {
    IntakeUnderTest intake({.max_wait = no_limit});
    CHECK_EQ(intake.script.calls(StoreStep::begin), 0);
    CHECK(intake.is_writable());
    CHECK_EQ(intake.script.commits(), std::vector<Ids>{{}});
}

TEST_CASE("order_intake: for a second after a commit nothing is written to find out about it") {
    within_a_second([] {
        IntakeUnderTest intake({.max_wait = no_limit});
        bool is_writable = intake.is_writable();
        for (int i = 0; i < 100; ++i) is_writable = is_writable && intake.is_writable();
        const int commits = intake.script.calls(StoreStep::commit);
        return [=] {
            CHECK(is_writable);
            CHECK_EQ(commits, 1);
        };
    });
    // It need not be one that created something: the store proves it by that, too.
    within_a_second([] {
        IntakeUnderTest intake({.max_wait = no_limit});
        const Ids answers{intake.submit("a"), intake.submit("a")};
        const bool is_writable = intake.is_writable();
        const int commits = intake.script.calls(StoreStep::commit);
        return [=] {
            CHECK_EQ(answers, Ids{"created", "taken"});
            CHECK(is_writable);
            CHECK_EQ(commits, 2);
        };
    });
}

TEST_CASE("order_intake: a store that stops taking writes is noticed, and one that resumes too") {
    IntakeUnderTest intake({.max_wait = no_limit});
    CHECK(intake.is_writable());
    intake.script.fail(StoreStep::commit, Kind::full, StoreScript::always);
    eventually(patience, [&] { return !intake.is_writable(); });
    intake.script.succeed(StoreStep::commit);
    CHECK(intake.is_writable());
    CHECK_EQ(intake.fatal_calls, 0);
}

TEST_CASE("order_intake: a store is not writable if a write fails, or its turn cannot be had") {
    for (const Failing& failing :
         std::vector<Failing>{{StoreStep::begin, Kind::busy},
                              {StoreStep::begin, Kind::unusable},
                              {StoreStep::commit, Kind::busy},
                              {StoreStep::commit, Kind::full},
                              {StoreStep::commit, Kind::unusable},
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

}  // namespace orders::test
