// Orders are settled or given back by those who hold them, and a turn does all of its parts at
// once.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/store_contract/store_user.h"

namespace orders::test {

TEST_CASE_FIXTURE(UsedStore,
                  "settle: an order ends once, as Processed or as Failed with the reason") {
    (void)user.submit({an_order("good"), an_order("bad")});
    const auto claimed = user.claim(user.enlist("w"), 2);
    store->pass_time(2s);
    CHECK(user.settle(claimed.at(0).lease) == SettleOutcome::settled);
    CHECK(user.settle(claimed.at(1).lease, Failure{"timeout"}) == SettleOutcome::settled);
    CHECK(user.settle(claimed.at(0).lease, Failure{"late"}) == SettleOutcome::lease_lost);
    CHECK(user.settle(claimed.at(1).lease) == SettleOutcome::lease_lost);

    CHECK(user.find("good").status == OrderStatus::processed);
    CHECK(user.find("good").finished_at == store->wall_clock());
    CHECK(user.find("good").started_at == store->wall_clock() - 2s);
    CHECK_FALSE(user.find("good").failure);
    CHECK(user.find("bad").status == OrderStatus::failed);
    CHECK(user.find("bad").failure == "timeout");
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore,
                  "settle: no order ends before it began, though the clock is set back") {
    (void)user.submit({an_order("done"), an_order("lost")});
    const auto claimed =
        user.claim(user.enlist("w"), {.limit = 2, .shares = {{.defaults = {.max_attempts = 1}}}});
    const UtcTime start = store->wall_clock();
    store->set_wall_clock(start - 2h);
    CHECK(user.settle(claimed.at(0).lease) == SettleOutcome::settled);
    CHECK(user.find("done").started_at == start);
    CHECK(user.find("done").finished_at == start);
    if (!store->are_leases_free_of_wall_clock()) return;
    store->pass_time(lease_time);
    CHECK(user.take_back_expired().at(0).failure);
    CHECK(user.find("lost").finished_at == start);
}

TEST_CASE_FIXTURE(UsedStore, "settle: each of many settlements gets its outcome, in order") {
    (void)user.submit(numbered_orders(3));
    const auto claimed = user.claim(user.enlist("w"), 3);
    (void)user.settle(claimed.at(1).lease);
    const WorkerOutcomes outcomes =
        user.worker().take_turn({.settlements = {{claimed.at(0).lease, Completed{}},
                                                 {claimed.at(1).lease, Completed{}},
                                                 {claimed.at(2).lease, Failure{"broken"}},
                                                 {claimed.at(2).lease, Completed{}}}});
    CHECK(outcomes.settled == std::vector{SettleOutcome::settled, SettleOutcome::lease_lost,
                                          SettleOutcome::settled, SettleOutcome::lease_lost});
    CHECK(user.find("order-2").failure == "broken");
    CHECK(user.counts() ==
          StatusCounts{.pending = 0, .processing = 0, .processed = 2, .failed = 1});
}

TEST_CASE_FIXTURE(UsedStore,
                  "settle: a released order goes back to its old place, not charged, and its lease "
                  "settles nothing") {
    (void)user.submit({an_order("a"), an_order("b")});
    const WorkerId worker = user.enlist("w");
    const Lease lease = user.claim(worker, 1).at(0).lease;
    CHECK(user.release(lease));
    CHECK_FALSE(user.release(lease));
    CHECK(user.settle(lease) == SettleOutcome::lease_lost);

    const Order order = user.find("a");
    CHECK(order.status == OrderStatus::pending);
    CHECK(order.attempts == 0);
    CHECK_FALSE(order.worker);
    CHECK_FALSE(order.started_at);

    const auto again = user.claim(worker, 2);
    CHECK(ids_of(again) == std::vector<std::string>{"a", "b"});
    CHECK(again.at(0).attempt == 1);
    CHECK(again.at(0).lease.token > lease.token);
    CHECK(user.settle(lease) == SettleOutcome::lease_lost);
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore, "settle: one turn settles, gives back, renews and claims") {
    (void)user.submit(numbered_orders(4));
    const WorkerId worker = user.enlist("w");
    const auto held = user.claim(worker, 3);
    const WorkerOutcomes outcomes =
        user.worker().take_turn({.worker = worker,
                                 .lease_time = lease_time,
                                 .settlements = {{held.at(0).lease, Completed{}}},
                                 .releases = {held.at(1).lease},
                                 .is_heartbeat = true,
                                 .renewals = {held.at(2).lease},
                                 .claim = {.limit = 2}});
    CHECK(outcomes.settled == std::vector{SettleOutcome::settled});
    CHECK(outcomes.released == 1);
    CHECK(outcomes.lost.empty());
    // What was given back is claimed by the same turn, at its old place.
    CHECK(ids_of(outcomes.claimed) == std::vector<std::string>{"order-1", "order-3"});
    CHECK(outcomes.claimed.at(0).attempt == 1);
    CHECK(user.counts() == StatusCounts{.processing = 3, .processed = 1});
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore, "settle: what a processor gives back is kept as it is") {
    (void)user.submit({an_order("good"), an_order("bad"), an_order("plain")});
    const auto claimed = user.claim(user.enlist("w"), 3);
    const std::string odd = R"({"n":1e999,"n":0.10, "deep":[null,"\ud83d"]})";
    (void)user.settle(claimed.at(0).lease, Completed{json_text(odd)});
    (void)user.settle(claimed.at(1).lease, Failure{"card_declined", "Die Karte \"läuft ab\"."});
    (void)user.settle(claimed.at(2).lease);
    CHECK(*user.find("good").result == odd);
    CHECK_FALSE(user.find("good").failure_detail);
    CHECK(user.find("bad").failure == "card_declined");
    CHECK(user.find("bad").failure_detail == "Die Karte \"läuft ab\".");
    CHECK_FALSE(user.find("bad").result);
    CHECK_FALSE(user.find("plain").result);
}

TEST_CASE_FIXTURE(UsedStore, "settle: a result of the largest size is kept, and none is not null") {
    (void)user.submit({an_order("large"), an_order("null")});
    const auto claimed = user.claim(user.enlist("w"), 2);
    const std::string large = '"' + std::string(max_result_bytes - 2, 'x') + '"';
    (void)user.settle(claimed.at(0).lease, Completed{json_text(large)});
    (void)user.settle(claimed.at(1).lease, Completed{json_text("null")});
    CHECK(*user.find("large").result == large);
    CHECK(*user.find("null").result == "null");
}

TEST_CASE_FIXTURE(UsedStore,
                  "settle: the history has the attempts that did not end an order, the oldest "
                  "first") {
    (void)user.submit(an_order("a"));
    const WorkerId worker = user.enlist("w");
    const UtcTime start = store->wall_clock();
    const Lease released = user.claim(worker, 1).at(0).lease;
    store->pass_time(2s);
    CHECK(user.release(released));
    const Lease expired = user.claim(worker, 1).at(0).lease;
    store->pass_time(lease_time);
    CHECK(user.take_back_expired().size() == 1);
    const Lease last = user.claim(worker, 1).at(0).lease;
    CHECK(user.settle(last) == SettleOutcome::settled);

    const auto history = user.find("a").history;
    REQUIRE(history.size() == 2);
    CHECK(history[0].outcome == PastAttempt::Outcome::released);
    CHECK(history[0].token == released.token);
    CHECK(history[0].worker == "w");
    CHECK(history[0].started_at == start);
    CHECK(history[0].ended_at == start + 2s);
    CHECK_FALSE(history[0].reason);
    CHECK(history[1].outcome == PastAttempt::Outcome::lease_expired);
    CHECK(history[1].token == expired.token);
    CHECK(user.find("a").attempts == 2);
}

TEST_CASE_FIXTURE(UsedStore, "settle: of an order's past attempts the newest hundred are kept") {
    (void)user.submit(an_order("a"));
    const WorkerId worker = user.enlist("w");
    for (int attempt = 0; attempt < 103; ++attempt) {
        CHECK(user.release(user.claim(worker, 1).at(0).lease));
    }
    const auto history = user.find("a").history;
    CHECK(history.size() == 100);
    CHECK(history.front().token == 4);
    CHECK(history.back().token == 103);
}

}  // namespace orders::test
