// What housekeeping finds and does: orders whose time has come, or has passed, and what workers
// that died or hang have left. lease_test.cpp has more of the latter.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/store_contract/store_user.h"

namespace orders::test {
namespace {

struct KeptStore : UsedStore {
    Chores look() { return user.housekeeping().look(); }
    bool has_anything_to_do() {
        const Chores chores = look();
        return chores.has_expired_leases || chores.has_due_orders || chores.has_overdue_orders;
    }
    std::vector<std::string> claim_all() { return ids_of(user.claim(user.enlist(next()), 1'000)); }
    std::string next() { return "worker-" + std::to_string(++workers); }

    UtcTime start = store->wall_clock();
    int workers = 0;
};

constexpr HousekeepingTurn everything{
    .take_back_limit = 1'000, .promote_limit = 1'000, .expire_limit = 1'000};

}  // namespace

TEST_CASE_FIXTURE(
    KeptStore,
    "housekeeping: in an empty store, and among what is due now, there is nothing to do") {
    CHECK_FALSE(has_anything_to_do());
    CHECK_FALSE(look().next_due_in);
    (void)user.submit({an_order("a"), an_order("b").high().of_kind("mail")});
    CHECK_FALSE(has_anything_to_do());
    CHECK_FALSE(look().next_due_in);
    const auto outcomes = user.housekeeping().take_turn(everything);
    CHECK(outcomes.taken_back.empty());
    CHECK(outcomes.promoted == 0);
    CHECK(outcomes.expired == 0);
}

TEST_CASE_FIXTURE(KeptStore,
                  "housekeeping: it tells in how long the next order is due, or overdue") {
    (void)user.submit({an_order("a").due(start + 60s), an_order("b").due(start + 30s)});
    CHECK(look().next_due_in == 30s);
    (void)user.submit(an_order("c").to_begin_before(start + 20s));
    CHECK(look().next_due_in == 20s);
    store->pass_time(19'999ms);
    CHECK_FALSE(has_anything_to_do());
    CHECK(look().next_due_in == 1ms);
    store->pass_time(1ms);
    CHECK(look().has_overdue_orders);
    CHECK_FALSE(look().has_due_orders);
    CHECK(look().next_due_in == 0ms);
    CHECK(user.expire() == 1);
    CHECK(look().next_due_in == 10s);
    store->pass_time(11s);
    CHECK(look().has_due_orders);
    CHECK(look().next_due_in == 0ms);
    CHECK(user.promote() == 1);
    CHECK(look().next_due_in == 29s);
}

TEST_CASE_FIXTURE(
    KeptStore,
    "housekeeping: what is due stands behind what was queued, in the order of due times") {
    (void)user.submit({an_order("third").due(start + 3s), an_order("first").due(start + 1s),
                       an_order("second").due(start + 2s), an_order("queued")});
    store->pass_time(10s);
    (void)user.submit(an_order("newest"));
    CHECK(claim_all() == std::vector<std::string>{"queued", "newest"});
    (void)user.submit(an_order("before"));
    CHECK(user.promote() == 3);
    (void)user.submit(an_order("behind"));
    CHECK(claim_all() == std::vector<std::string>{"before", "first", "second", "third", "behind"});
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(KeptStore,
                  "housekeeping: of those due at the same moment, the first to come goes first") {
    std::vector<NewOrder> orders;
    for (int number = 0; number < 100; ++number) {
        orders.push_back(an_order("order-" + std::to_string(number)).due(start + 1s));
    }
    (void)user.submit(orders);
    store->pass_time(1s);
    // Portion by portion, as it is done.
    CHECK(user.promote(30) == 30);
    CHECK(look().has_due_orders);
    CHECK(user.promote(60) == 60);
    CHECK(user.promote(60) == 10);
    CHECK_FALSE(look().has_due_orders);
    std::vector<std::string> expected;
    for (const NewOrder& order : orders) expected.push_back(order.spec.order_id.text());
    CHECK(claim_all() == expected);
}

TEST_CASE_FIXTURE(
    KeptStore, "housekeeping: an order that is due goes before a Normal one only if it is High") {
    (void)user.submit({an_order("n"), an_order("late-high").high().due(start + 1s)});
    store->pass_time(1s);
    (void)user.submit(an_order("high").high());
    CHECK(user.promote() == 1);
    CHECK(claim_all() == std::vector<std::string>{"high", "late-high", "n"});
}

TEST_CASE_FIXTURE(KeptStore,
                  "housekeeping: what did not begin in time is Failed, without an attempt") {
    (void)user.submit({an_order("late").to_begin_before(start + 1s),
                       an_order("waits").due(start + 1h).to_begin_before(start + 1s),
                       an_order("early").to_begin_before(start + 1h), an_order("any")});
    CHECK(user.expire() == 0);
    store->pass_time(1s);
    CHECK(user.expire(1) == 1);
    CHECK(user.expire(1) == 1);
    CHECK(user.expire(1) == 0);
    for (const char* id : {"late", "waits"}) {
        const Order order = user.find(id);
        CHECK(order.status == OrderStatus::failed);
        CHECK(order.failure == failure_reason::expired);
        CHECK(order.finished_at == start + 1s);
        CHECK_FALSE(order.started_at);
        CHECK_FALSE(order.worker);
        CHECK(order.attempts == 0);
        CHECK(order.history.empty());
        CHECK_FALSE(order.is_waiting_for_time);
    }
    CHECK(claim_all() == std::vector<std::string>{"early", "any"});
    check_counts(user.reader());
    CHECK(store->storage().verify().examples == std::vector<std::string>{});
}

TEST_CASE_FIXTURE(KeptStore, "housekeeping: a paused kind is no excuse for beginning too late") {
    (void)user.pause("mail");
    (void)user.submit(an_order("a").of_kind("mail").to_begin_before(start + 1s));
    store->pass_time(2s);
    CHECK(look().has_overdue_orders);
    CHECK(user.expire() == 1);
    CHECK(user.find("a").failure == failure_reason::expired);
}

TEST_CASE_FIXTURE(KeptStore,
                  "housekeeping: an order that has begun once may begin again at any time") {
    (void)user.submit(an_order("a").to_begin_before(start + 5s));
    (void)user.settle(user.claim(user.enlist("w"), 1).at(0).lease, Retry{"busy"});
    store->pass_time(1h);
    CHECK_FALSE(look().has_overdue_orders);
    CHECK(user.expire() == 0);
    CHECK(user.promote() == 1);
    CHECK(claim_all() == std::vector<std::string>{"a"});
}

TEST_CASE_FIXTURE(KeptStore, "housekeeping: one that was given back has begun in time") {
    (void)user.submit(an_order("a").to_begin_before(start + 5s));
    CHECK(user.release(user.claim(user.enlist("w"), 1).at(0).lease));
    store->pass_time(5s);
    CHECK(user.expire() == 0);
    CHECK(user.find("a").status == OrderStatus::pending);
    CHECK_FALSE(user.find("a").spec.start_before);
    CHECK(store->storage().verify().findings == 0);
}

TEST_CASE_FIXTURE(KeptStore, "housekeeping: one turn takes back, queues and ends") {
    (void)user.submit({an_order("held"), an_order("due").due(start + 5s),
                       an_order("late").due(start + 5s).to_begin_before(start + 8s)});
    (void)user.claim(user.enlist("w"), 1);
    store->pass_time(lease_time);
    const Chores chores = look();
    CHECK(chores.has_expired_leases);
    CHECK(chores.has_due_orders);
    CHECK(chores.has_overdue_orders);
    const auto outcomes = user.housekeeping().take_turn(everything);
    REQUIRE(outcomes.taken_back.size() == 1);
    CHECK(outcomes.taken_back[0].order_id == order_id("held"));
    CHECK(outcomes.taken_back[0].worker == "w");
    CHECK(outcomes.taken_back[0].attempts == 1);
    CHECK_FALSE(outcomes.taken_back[0].failure);
    CHECK(outcomes.expired == 1);
    CHECK(user.find("late").failure == failure_reason::expired);
    CHECK_FALSE(has_anything_to_do());
    CHECK(claim_all() == std::vector<std::string>{"held", "due"});
    const auto history = user.find("held").history;
    REQUIRE(history.size() == 1);
    CHECK(history[0].outcome == PastAttempt::Outcome::lease_expired);
    CHECK(history[0].worker == "w");
    CHECK(history[0].ended_at == start + lease_time);
    CHECK_FALSE(history[0].reason);
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(KeptStore, "housekeeping: a turn does no more than it is asked for") {
    (void)user.submit({an_order("held"), an_order("due").due(start + 5s),
                       an_order("late").to_begin_before(start + 5s)});
    (void)user.claim(user.enlist("w"), 1);
    store->pass_time(lease_time);
    (void)user.housekeeping().take_turn({});
    CHECK(user.counts() == StatusCounts{.pending = 2, .processing = 1});
    CHECK(user.promote() == 1);
    CHECK(user.counts() == StatusCounts{.pending = 2, .processing = 1});
    CHECK(user.expire() == 1);
    CHECK(user.counts() == StatusCounts{.pending = 1, .processing = 1, .failed = 1});
    CHECK(user.take_back_expired().size() == 1);
}

TEST_CASE_FIXTURE(
    KeptStore, "housekeeping: several stores may keep house at once, and nothing is done twice") {
    std::vector<NewOrder> orders;
    for (int number = 0; number < 500; ++number) {
        orders.push_back(an_order("order-" + std::to_string(number)).due(start + 1s));
    }
    (void)user.submit(orders);
    StoreUser other(*store);
    store->pass_time(1s);
    std::size_t promoted = 0;
    while (look().has_due_orders) promoted += user.promote(7) + other.promote(5);
    CHECK(promoted == 500);
    CHECK(claim_all().size() == 500);
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(
    KeptStore,
    "housekeeping: a wall clock that is set back lets orders wait for longer, and no order twice") {
    (void)user.submit(an_order("a").due(start + 60s));
    store->set_wall_clock(start - 1h);
    CHECK(look().next_due_in == 1h + 60s);
    store->pass_time(60s);
    CHECK(user.promote() == 0);
    store->pass_time(1h);
    CHECK(user.promote() == 1);
    store->set_wall_clock(start - 10h);
    CHECK(user.promote() == 0);
    CHECK(claim_all() == std::vector<std::string>{"a"});  // what is queued stays so
}

}  // namespace orders::test
