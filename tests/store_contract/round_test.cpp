// A client's retry begins a new round with an order that is Failed or Cancelled.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/store_contract/store_user.h"

namespace orders::test {
namespace {

using Ids = std::vector<std::string>;

struct StoreWithWorker : UsedStore {
    Lease claim_one() { return user.claim(worker, 1).at(0).lease; }
    // Claims the first order and has it fail.
    Lease fail_one(const Failure& failure) {
        const Lease lease = claim_one();
        CHECK(user.settle(lease, failure) == SettleOutcome::settled);
        return lease;
    }
    WorkerId worker = user.enlist("w");
};

}  // namespace

TEST_CASE_FIXTURE(StoreWithWorker,
                  "round: a Failed order is Pending again, at the end of the queue, as if it were "
                  "new") {
    (void)user.submit({an_order("a").carrying("[1]").with({.max_attempts = 1}), an_order("b")});
    const UtcTime start = store->wall_clock();
    const Lease lease = fail_one({"broken", "why"});
    store->pass_time(2s);
    CHECK(std::get<Order>(user.retry("a")).status == OrderStatus::pending);
    const Order order = user.find("a");
    CHECK(order.status == OrderStatus::pending);
    CHECK_FALSE(order.is_waiting_for_time);
    CHECK(order.attempts == 0);
    CHECK_FALSE(order.finished_at);
    CHECK_FALSE(order.started_at);
    CHECK_FALSE(order.worker);
    CHECK_FALSE(order.failure);
    CHECK_FALSE(order.failure_detail);
    CHECK(order.created_at == start);
    CHECK(*order.spec.payload == "[1]");
    CHECK(order.spec.options.max_attempts == 1);
    REQUIRE(order.history.size() == 1);
    CHECK(order.history[0].outcome == PastAttempt::Outcome::failed);
    CHECK(order.history[0].token == lease.token);
    CHECK(order.history[0].worker == "w");
    CHECK(order.history[0].started_at == start);
    CHECK(order.history[0].ended_at == start);
    CHECK(order.history[0].reason == "broken");
    CHECK(order.history[0].detail == "why");

    (void)user.submit(an_order("c"));
    const auto claimed = user.claim(worker, 9);
    CHECK(ids_of(claimed) == Ids{"b", "a", "c"});
    CHECK(claimed.at(1).attempt == 1);
    CHECK(claimed.at(1).lease.token > lease.token);
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(StoreWithWorker, "round: a late result of an earlier round is refused") {
    (void)user.submit(an_order("a"));
    const Lease early = claim_one();
    (void)user.cancel("a");
    (void)user.retry("a");
    CHECK(user.settle(early) == SettleOutcome::lease_lost);
    const Lease now = claim_one();
    CHECK(user.settle(early) == SettleOutcome::lease_lost);
    CHECK_FALSE(user.release(early));
    CHECK(user.settle(now, Completed{json_text("2")}) == SettleOutcome::settled);
    CHECK(*user.find("a").result == "2");
}

TEST_CASE_FIXTURE(StoreWithWorker,
                  "round: of a Cancelled order the history has the attempt, if it was in work") {
    (void)user.submit({an_order("in-work"), an_order("pending")});
    (void)claim_one();
    (void)user.cancel("in-work");
    (void)user.cancel("pending");
    (void)user.retry("pending");
    CHECK(user.find("pending").history.empty());
    (void)user.retry("in-work");
    const Order order = user.find("in-work");
    REQUIRE(order.history.size() == 1);
    CHECK(order.history[0].outcome == PastAttempt::Outcome::cancelled);
    CHECK_FALSE(order.history[0].reason);
    CHECK(ids_of(user.claim(worker, 9)) == Ids{"pending", "in-work"});
}

TEST_CASE_FIXTURE(StoreWithWorker, "round: an order that came too late has all the time again") {
    (void)user.submit(an_order("a").to_begin_before(store->wall_clock() + 1s));
    store->pass_time(1s);
    CHECK(user.claim(worker, 1).empty());
    (void)user.retry("a");
    const Order order = user.find("a");
    CHECK(order.history.empty());
    CHECK_FALSE(order.spec.start_before);
    CHECK(user.claim(worker, 1).size() == 1);
}

TEST_CASE_FIXTURE(StoreWithWorker, "round: an order whose time is still to come waits for it") {
    const UtcTime due = store->wall_clock() + 1h;
    (void)user.submit(an_order("a").due(due));
    (void)user.cancel("a");
    const auto order = std::get<Order>(user.retry("a"));
    CHECK(order.is_waiting_for_time);
    CHECK(order.due_at == due);
    CHECK(user.claim(worker, 1).empty());
    store->pass_time(1h);
    CHECK(user.promote() == 1);
    CHECK(user.claim(worker, 1).size() == 1);
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(StoreWithWorker,
                  "round: an order that waited for another attempt waits no more") {
    (void)user.submit(an_order("a"));
    (void)user.settle(claim_one(), Retry{"busy", {}, 1h});
    (void)user.cancel("a");
    const auto order = std::get<Order>(user.retry("a"));
    CHECK_FALSE(order.is_waiting_for_time);
    CHECK(order.attempts == 0);
    (void)claim_one();
}

TEST_CASE_FIXTURE(StoreWithWorker, "round: only what is Failed or Cancelled is tried again") {
    (void)user.submit(
        {an_order("good"), an_order("in-work"), an_order("queued"), an_order("waiting").due(1h)});
    (void)user.settle(claim_one());
    (void)claim_one();
    CHECK(std::get<NotAllowed>(user.retry("good")).status == OrderStatus::processed);
    CHECK(std::get<NotAllowed>(user.retry("in-work")).status == OrderStatus::processing);
    CHECK(std::get<NotAllowed>(user.retry("queued")).status == OrderStatus::pending);
    CHECK(std::get<NotAllowed>(user.retry("waiting")).status == OrderStatus::pending);
    CHECK(std::holds_alternative<NoSuchOrder>(user.retry("missing")));
}

TEST_CASE_FIXTURE(StoreWithWorker, "round: of two retries at once one begins a round") {
    (void)user.submit(an_order("a"));
    (void)fail_one({"broken"});
    const OrderAction retry = RetryOrder{order_id("a")};
    const auto outcomes = user.commit({.actions = {&retry, &retry}}).acted;
    CHECK(std::holds_alternative<Order>(outcomes.at(0)));
    CHECK(std::get<NotAllowed>(outcomes.at(1)).status == OrderStatus::pending);
    CHECK(user.find("a").history.size() == 1);
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(StoreWithWorker, "round: the attempts of all rounds are in the history") {
    (void)user.submit(an_order("a"));
    for (int round = 1; round <= 3; ++round) {
        CHECK(user.release(claim_one()));
        (void)fail_one({"broken", std::to_string(round)});
        CHECK(std::holds_alternative<Order>(user.retry("a")));
    }
    const auto history = user.find("a").history;
    REQUIRE(history.size() == 6);
    for (std::size_t index = 0; index < history.size(); ++index) {
        CHECK(history[index].token == static_cast<std::int64_t>(index) + 1);
    }
    CHECK(history[5].detail == "3");
}

TEST_CASE_FIXTURE(StoreWithWorker,
                  "round: those of many that fit the filter are tried again in turn") {
    (void)user.submit(numbered_orders(4));
    for (const char* reason : {"broken", "other", "broken", "broken"}) (void)fail_one({reason});
    (void)user.submit(an_order("new"));
    const OrderFilter broken{.statuses = {OrderStatus::failed}, .reason = "broken"};
    const auto found = user.reader().find_matching(broken, {}, 100).orders;
    (void)user.retry("order-2");
    const auto done =
        std::get<BulkDone>(user.act(BulkAction{BulkAction::What::retry, broken, found}));
    CHECK(done.changed == 2);
    CHECK(ids_of(user.claim(worker, 9)) == Ids{"new", "order-2", "order-0", "order-3"});
    CHECK(user.find("order-1").status == OrderStatus::failed);
    check_counts(user.reader());
}

}  // namespace orders::test
