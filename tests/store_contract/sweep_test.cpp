// Old orders are deleted.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/store_contract/store_user.h"

namespace orders::test {
namespace {

// Orders p0 to p4 Processed, f0 to f4 Failed, one Processing and two Pending, in this order of
// arrival. The finished ones were submitted at the start, and finished a second later, which is
// now.
struct FinishedStore : UsedStore {
    FinishedStore() {
        const WorkerId worker = user.enlist("w");
        for (int i = 0; i < 5; ++i) (void)user.submit(an_order("p" + std::to_string(i)).high());
        for (int i = 0; i < 5; ++i) (void)user.submit(an_order("f" + std::to_string(i)));
        finished = user.claim(worker, 10);
        store->pass_time(1s);
        for (std::size_t i = 0; i < 5; ++i) (void)user.settle(finished[i].lease);
        for (std::size_t i = 5; i < 10; ++i) {
            (void)user.settle(finished[i].lease, Failure{"timeout"});
        }
        (void)user.submit({an_order("processing"), an_order("pending"), an_order("last")});
        processing = user.claim(worker, 1).at(0).lease;
    }

    std::vector<ClaimedOrder> finished;
    Lease processing;
};

}  // namespace

TEST_CASE_FIXTURE(FinishedStore, "sweep: only orders of the status and age asked for are deleted") {
    constexpr auto keep = 60s;
    store->pass_time(keep);
    CHECK(user.sweep(OrderStatus::processed, keep) == 0);
    CHECK(user.sweep(OrderStatus::failed, keep) == 0);

    store->pass_time(1ms);
    CHECK(user.sweep(OrderStatus::processed, keep) == 5);
    CHECK_FALSE(user.is_there("p0"));
    CHECK_FALSE(user.is_there("p4"));
    CHECK(user.counts() ==
          StatusCounts{.pending = 2, .processing = 1, .processed = 0, .failed = 5});
    check_counts(user.reader());

    CHECK(user.sweep(OrderStatus::failed, keep) == 5);
    CHECK_FALSE(user.is_there("f0"));
    CHECK(user.counts() ==
          StatusCounts{.pending = 2, .processing = 1, .processed = 0, .failed = 0});
    // However old: what is not finished stays, and what is gone is gone.
    store->pass_time(1h);
    CHECK(user.sweep(OrderStatus::processed, keep) == 0);
    CHECK(user.sweep(OrderStatus::failed, keep) == 0);
    CHECK(user.settle(processing) == SettleOutcome::settled);
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(FinishedStore, "sweep: the id of a deleted order may be submitted again") {
    CHECK_FALSE(user.submit(an_order("p0")));
    store->pass_time(1s);
    CHECK(user.sweep(OrderStatus::processed, 500ms) == 5);
    CHECK(user.submit(an_order("p0")));
    CHECK(user.find("p0").status == OrderStatus::pending);
    // An old lease of the first one is not a lease of the second.
    CHECK(user.settle(finished[0].lease) == SettleOutcome::lease_lost);
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore,
                  "sweep: no lease of a deleted order fits another one, even if the last to be "
                  "submitted is old") {
    const WorkerId worker = user.enlist("w");
    (void)user.submit({an_order("a"), an_order("b")});
    const auto claimed = user.claim(worker, 2);
    user.settle(claimed);
    store->pass_time(1s);
    (void)user.sweep(OrderStatus::processed, 500ms);
    CHECK_FALSE(user.is_there("a"));  // "b" may be left
    (void)user.submit(an_order("c"));
    const Lease next = user.claim(worker, 1).at(0).lease;
    CHECK(next.order > claimed[1].lease.order);
    CHECK(user.settle(claimed[1].lease) == SettleOutcome::lease_lost);
    CHECK(user.find("c").status == OrderStatus::processing);
    // Now there is a later one.
    (void)user.sweep(OrderStatus::processed, 500ms);
    CHECK_FALSE(user.is_there("b"));
    check_counts(user.reader());
}

TEST_CASE_FIXTURE(UsedStore, "sweep: call by call all of many old orders are deleted") {
    constexpr int orders = 1'000;
    (void)user.submit(numbered_orders(orders));
    user.settle(user.claim(user.enlist("w"), orders));
    (void)user.submit(an_order("last"));
    store->pass_time(1s);
    CHECK(user.sweep(OrderStatus::processed, 500ms) == orders);
    CHECK(user.counts() ==
          StatusCounts{.pending = 1, .processing = 0, .processed = 0, .failed = 0});
}

TEST_CASE_FIXTURE(UsedStore,
                  "sweep: what an earlier round passed is deleted when its time has come") {
    const WorkerId worker = user.enlist("w");
    (void)user.submit(an_order("long"));
    const Lease held = user.claim(worker, 1).at(0).lease;
    const auto finish = [&](const std::string& id, const ProcessingResult& result) {
        (void)user.submit(an_order(id));
        (void)user.settle(user.claim(worker, 1).at(0).lease, result);
    };
    const auto sweep = [&] {
        (void)user.sweep(OrderStatus::processed, 60s);
        (void)user.sweep(OrderStatus::failed, 90s);
    };
    for (int round = 0; round < 6; ++round) {
        finish("p" + std::to_string(round), Completed{});
        finish("f" + std::to_string(round), Failure{"timeout"});
        store->pass_time(30s);
        sweep();
    }
    CHECK(user.counts() ==
          StatusCounts{.pending = 0, .processing = 1, .processed = 2, .failed = 3});
    CHECK(user.settle(held) == SettleOutcome::settled);
    (void)user.submit(an_order("last"));
    store->pass_time(59s);
    sweep();
    CHECK(user.find("long").status == OrderStatus::processed);
    store->pass_time(32s);
    sweep();
    CHECK(user.counts() ==
          StatusCounts{.pending = 1, .processing = 0, .processed = 0, .failed = 0});
}

TEST_CASE_FIXTURE(
    UsedStore, "sweep: an order that fails after one that came later did is deleted in its time") {
    const WorkerId worker = user.enlist("w");
    (void)user.submit({an_order("long"), an_order("short"), an_order("last")});
    const auto claimed = user.claim(worker, 2);
    (void)user.settle(claimed.at(1).lease, Failure{"timeout"});
    store->pass_time(30s);
    CHECK(user.sweep(OrderStatus::failed, 60s) == 0);
    (void)user.settle(claimed.at(0).lease, Failure{"timeout"});
    store->pass_time(31s);
    CHECK(user.sweep(OrderStatus::failed, 60s) == 1);
    store->pass_time(30s);
    CHECK(user.sweep(OrderStatus::failed, 60s) == 1);
    CHECK_FALSE(user.is_there("long"));
}

TEST_CASE_FIXTURE(
    UsedStore,
    "sweep: an order that was passed as Failed is deleted when it is Processed after all") {
    const WorkerId worker = user.enlist("w");
    (void)user.submit({an_order("a"), an_order("b"), an_order("last")});
    (void)user.settle(user.claim(worker, 1).at(0).lease, Failure{"no"});
    (void)user.cancel("b");
    user.settle(user.claim(worker, 1));
    (void)user.submit(an_order("newest"));
    store->pass_time(61s);
    for (int round = 0; round < 3; ++round) (void)user.sweep(OrderStatus::processed, 60s);
    CHECK_FALSE(user.is_there("last"));
    (void)user.retry("a");
    (void)user.retry("b");
    user.settle(user.claim(worker, 3));  // "newest" first
    store->pass_time(61s);
    for (int round = 0; round < 100; ++round) (void)user.sweep(OrderStatus::processed, 60s);
    CHECK_FALSE(user.is_there("a"));
    CHECK_FALSE(user.is_there("b"));
}

TEST_CASE_FIXTURE(UsedStore, "sweep: a wall clock that is set back keeps orders for longer") {
    (void)user.submit({an_order("a"), an_order("last")});
    (void)user.settle(user.claim(user.enlist("w"), 1).at(0).lease);
    store->set_wall_clock(store->wall_clock() - 1h);
    store->pass_time(61s);
    CHECK(user.sweep(OrderStatus::processed, 60s) == 0);
    store->pass_time(1h);
    CHECK(user.sweep(OrderStatus::processed, 60s) == 1);
}

TEST_CASE_FIXTURE(UsedStore,
                  "sweep: orders from before the wall clock was set back do not hide the old ones "
                  "behind them") {
    const UtcTime right = store->wall_clock();
    const WorkerId worker = user.enlist("w");
    store->set_wall_clock(right + 1'000h);
    (void)user.submit(an_order("future"));
    store->set_wall_clock(right);
    (void)user.submit({an_order("a").high(), an_order("b").high(), an_order("last")});
    user.settle(user.claim(worker, 2));
    store->pass_time(1h);
    CHECK(user.sweep(OrderStatus::processed, 1s) == 2);
    CHECK(user.is_there("future"));
}

TEST_CASE_FIXTURE(UsedStore, "sweep: several stores may sweep the same orders at once") {
    constexpr int orders = 1'000;
    (void)user.submit(numbered_orders(orders));
    user.settle(user.claim(user.enlist("w"), orders));
    (void)user.submit(an_order("last"));
    store->pass_time(1s);
    StoreUser other(*store);
    std::size_t deleted = 0;
    for (bool has_more = true; has_more;) {
        const Swept one = user.housekeeping().sweep(OrderStatus::processed, 500ms);
        const Swept another = other.housekeeping().sweep(OrderStatus::processed, 400ms);
        deleted += one.deleted + another.deleted;
        has_more = one.has_more || another.has_more;
    }
    CHECK(deleted == orders);
    CHECK(user.counts().processed == 0);
    check_counts(user.reader());
}

}  // namespace orders::test
