// Leases run out, by a clock that nobody sets, and are renewed; what a dead worker held comes back.

#include <doctest/doctest.h>

#include "tests/store_contract/store_user.h"

namespace orders::test {

TEST_CASE_FIXTURE(
    UsedStore,
    "lease: an order whose lease ran out goes back to its old place, charged, and the "
    "late result is refused") {
    (void)user.submit({an_order("a"), an_order("b")});
    const Lease late = user.claim(user.enlist("dead"), 1).at(0).lease;

    store->pass_time(lease_time - 1ms);
    CHECK_FALSE(user.housekeeping().look().has_expired_leases);
    CHECK(user.take_back_expired().empty());
    store->pass_time(1ms);
    CHECK(user.housekeeping().look().has_expired_leases);
    const auto expired = user.take_back_expired();
    REQUIRE(expired.size() == 1);
    CHECK(expired[0].order_id.text() == "a");
    CHECK(expired[0].worker == "dead");
    CHECK(expired[0].attempts == 1);
    CHECK_FALSE(expired[0].failure);
    CHECK(user.find("a").status == OrderStatus::pending);
    CHECK(user.find("a").attempts == 1);

    const auto again = user.claim(user.enlist("w"), 1).at(0);
    CHECK(again.spec.order_id.text() == "a");
    CHECK(again.attempt == 2);
    CHECK(user.settle(late) == SettleOutcome::lease_lost);
    CHECK_FALSE(user.renew(late));
    CHECK_FALSE(user.release(late));
    CHECK(user.settle(again.lease) == SettleOutcome::settled);
    CHECK(user.find("a").worker == "w");
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore,
                  "lease: one that ran out still settles as long as nobody took the order back") {
    (void)user.submit(an_order("a"));
    const Lease lease = user.claim(user.enlist("w"), 1).at(0).lease;
    store->pass_time(lease_time * 2);
    CHECK(user.settle(lease) == SettleOutcome::settled);
    CHECK(user.take_back_expired().empty());
    CHECK(user.find("a").status == OrderStatus::processed);
}

TEST_CASE_FIXTURE(UsedStore, "lease: a renewed one runs from the renewal on") {
    (void)user.submit(an_order("a"));
    const Lease lease = user.claim(user.enlist("w"), 1).at(0).lease;
    store->pass_time(lease_time - 1ms);
    CHECK(user.renew(lease));
    store->pass_time(lease_time - 1ms);
    CHECK(user.take_back_expired().empty());
    store->pass_time(1ms);
    CHECK(user.take_back_expired().size() == 1);
}

TEST_CASE_FIXTURE(
    UsedStore, "lease: those that ran out while nobody looked are renewed, unless they are lost") {
    (void)user.submit({an_order("mine"), an_order("lost"), an_order("dead")});
    const WorkerId worker = user.enlist("w");
    const auto held = user.claim(worker, 3);
    (void)user.release(held.at(1).lease);
    store->pass_time(lease_time * 2);  // as after a suspend of the machine
    const WorkerOutcomes outcomes =
        user.worker().take_turn({.worker = worker,
                                 .lease_time = lease_time,
                                 .is_heartbeat = true,
                                 .renewals = {held.at(0).lease, held.at(1).lease}});
    CHECK(outcomes.lost == std::vector{held.at(1).lease});
    const auto expired = user.take_back_expired();
    REQUIRE(expired.size() == 1);
    CHECK(expired[0].order_id.text() == "dead");
    CHECK(user.settle(held.at(0).lease) == SettleOutcome::settled);
}

TEST_CASE_FIXTURE(UsedStore,
                  "lease: if it is free of the wall clock, setting that ends none and prolongs "
                  "none") {
    if (!store->are_leases_free_of_wall_clock()) return;
    (void)user.submit(an_order("a"));
    (void)user.claim(user.enlist("w"), 1);
    const UtcTime right = store->wall_clock();
    store->pass_time(1s);
    store->set_wall_clock(right + 48h);
    CHECK_FALSE(user.housekeeping().look().has_expired_leases);
    store->pass_time(lease_time - 1s);
    store->set_wall_clock(right - 48h);
    CHECK(user.housekeeping().look().has_expired_leases);
}

TEST_CASE_FIXTURE(UsedStore, "lease: an order whose lease ran out on its last attempt has Failed") {
    (void)user.submit(an_order("a"));
    const WorkerId worker = user.enlist("w");
    for (int attempt = 1; attempt <= 2; ++attempt) {
        const ClaimRequest request{.limit = 1, .shares = {{.defaults = {.max_attempts = 2}}}};
        CHECK(user.claim(worker, request).at(0).attempt == attempt);
        store->pass_time(lease_time);
        const auto expired = user.take_back_expired();
        REQUIRE(expired.size() == 1);
        CHECK(expired[0].failure.has_value() == (attempt == 2));
    }
    const Order order = user.find("a");
    CHECK(order.status == OrderStatus::failed);
    CHECK(order.failure == failure_reason::attempts_exhausted);
    CHECK(order.attempts == 2);
    CHECK(order.worker == "w");
    CHECK(order.finished_at == store->wall_clock());
    REQUIRE(order.history.size() == 1);
    CHECK(order.history[0].outcome == PastAttempt::Outcome::lease_expired);
    CHECK(user.claim(worker, 1).empty());
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore,
                  "lease: how many attempts there are is fixed by the claim that gave it, and an "
                  "order's own word wins") {
    (void)user.submit({an_order("once").with({.max_attempts = 1}),
                       an_order("twice").with({.max_attempts = 2}), an_order("silent")});
    const WorkerId worker = user.enlist("w");
    CHECK(user.claim(worker, {.limit = 3, .shares = {{.defaults = {.max_attempts = 1}}}}).size() ==
          3);
    (void)user.claim(worker, {.limit = 3, .shares = {{.defaults = {.max_attempts = 100}}}});
    store->pass_time(lease_time);
    CHECK(user.take_back_expired().size() == 3);
    CHECK(user.find("once").status == OrderStatus::failed);
    CHECK(user.find("twice").status == OrderStatus::pending);
    CHECK(user.find("silent").status == OrderStatus::failed);
}

TEST_CASE_FIXTURE(UsedStore, "lease: no more expired orders are taken back at once than asked") {
    (void)user.submit(numbered_orders(5));
    (void)user.claim(user.enlist("w"), 5);
    store->pass_time(lease_time);
    CHECK(user.take_back_expired(2).size() == 2);
    CHECK(user.take_back_expired(2).size() == 2);
    CHECK(user.counts().pending == 4);
    CHECK(user.counts().processing == 1);
}

}  // namespace orders::test
