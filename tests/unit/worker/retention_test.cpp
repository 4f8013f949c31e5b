#include "worker/retention.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "shared/storage/store_error.h"
#include "tests/support/worker_under_test.h"

namespace orders {
namespace {

using namespace std::chrono_literals;
using test::an_order;
using test::eventually;
using test::Faults;
using test::FaultyStore;
using test::patience;
using test::Worker;
using test::World;

// Orders that finish when the test says so, and a retention that steps when it says so.
struct OldOrders {
    explicit OldOrders(const RetentionOptions& options) : retention(store, world.clock, options) {}

    // Orders with these numbers come and are finished now.
    void finish(int first, int last, const ProcessingResult& result = Completed{}) {
        std::vector<NewOrder> orders;
        for (int number = first; number <= last; ++number) {
            orders.push_back(an_order(std::to_string(number)));
        }
        world.submit(orders);
        const auto work = world.store->begin();
        const Moment moment = world.clock.now();
        const WorkerId worker = work->enlist(
            {.name = "w" + std::to_string(first), .host = "h", .threads = 1}, moment, 1h);
        std::vector<Settlement> settlements;
        for (const auto& order : work->claim(worker, orders.size(), moment, 1h)) {
            settlements.push_back({order.lease, result});
        }
        (void)work->settle(settlements, moment.utc);
        work->commit();
    }

    // Steps as long as a step is due, then lets the pause go by.
    void sweep() {
        while (retention.next_step() <= now) retention.step(now);
        now += 1min;
    }
    StatusCounts counts() { return world.report().total(); }

    World world;
    Faults faults;
    FaultyStore store{open_order_store(world.location), faults};
    Retention retention;
    Retention::SteadyTime now{1h};
};

constexpr int more_than_a_batch = 3 * static_cast<int>(Retention::batch_size) / 2;

TEST_CASE("Retention: nothing is looked at, and nothing deleted, unless it was asked for") {
    OldOrders old({});
    old.finish(1, 3);
    old.world.clock.advance(24h * 365 * 100);
    CHECK(old.retention.next_step() == Retention::SteadyTime::max());
    old.retention.step(old.now);
    CHECK(old.faults.walks == 0);
    CHECK(old.counts().processed == 3);
}

TEST_CASE("Retention: orders are deleted when they are older than asked for, and not before") {
    OldOrders old({.keep_processed = 60s});
    old.finish(1, more_than_a_batch);
    old.world.submit(an_order("last"));
    old.world.clock.advance(60s);
    old.sweep();
    CHECK(old.counts().processed == more_than_a_batch);
    old.world.clock.advance(1ms);
    old.sweep();
    CHECK(old.counts().processed == 0);
    CHECK(old.counts().pending == 1);
    CHECK(old.faults.erases == 2);
}

TEST_CASE("Retention: each status has its own time, and 0 keeps for ever") {
    RetentionOptions options;
    SUBCASE("Processed only") {
        options.keep_processed = 60s;
    }
    SUBCASE("Failed only") {
        options.keep_failed = 60s;
    }
    SUBCASE("one longer than the other") {
        options = {.keep_processed = 60s, .keep_failed = 24h};
    }
    SUBCASE("both") {
        options = {.keep_processed = 60s, .keep_failed = 60s};
    }
    OldOrders old(options);
    for (int round = 0; round < 5; ++round) {
        old.finish(round * 10, round * 10 + 4);
        old.finish(round * 10 + 5, round * 10 + 9, Failure{"timeout"});
    }
    old.world.submit(an_order("last"));
    old.world.clock.advance(61s);
    old.sweep();
    CHECK(old.counts().processed == (options.keep_processed == 60s ? 0 : 25));
    CHECK(old.counts().failed == (options.keep_failed == 60s ? 0 : 25));
    CHECK(old.counts().pending == 1);
}

TEST_CASE("Retention: what an earlier walk passed is deleted when its time has come") {
    OldOrders old({.keep_processed = 60s, .keep_failed = 90s});
    old.world.submit(an_order("long"));
    const ClaimedOrder held = old.world.claim("slow");
    for (int round = 0; round < 6; ++round) {
        old.finish(round * 10, round * 10 + 4);
        old.finish(round * 10 + 5, round * 10 + 9, Failure{"timeout"});
        old.world.clock.advance(30s);
        old.sweep();
    }
    CHECK(old.counts() ==
          StatusCounts{.pending = 0, .processing = 1, .processed = 10, .failed = 15});
    CHECK(old.world.settle(held.lease) == SettleOutcome::settled);
    old.world.submit(an_order("last"));
    old.world.clock.advance(59s);
    old.sweep();
    CHECK(old.world.find("long").status == OrderStatus::processed);
    old.world.clock.advance(32s);
    old.sweep();
    CHECK(old.counts() == StatusCounts{.pending = 1, .processing = 0, .processed = 0, .failed = 0});
}

TEST_CASE("Retention: nothing is written while nothing is old") {
    OldOrders old({.keep_processed = 60s, .keep_failed = 60s});
    old.finish(1, 10);
    for (int round = 0; round < 5; ++round) old.sweep();
    // Nor for the last order, which stays however old it is.
    old.world.clock.advance(1h);
    for (int round = 0; round < 5; ++round) old.sweep();
    CHECK(old.faults.begins == 1);
    CHECK(old.counts().processed == 1);
}

TEST_CASE("Retention: a wall clock that is set ahead makes nothing older") {
    OldOrders old({.keep_processed = 60s});
    old.finish(1, 10);
    const UtcTime right = old.world.clock.now().utc;
    old.world.clock.set_utc(right + 1'000h);
    old.sweep();
    CHECK(old.counts().processed == 10);
    old.world.clock.advance(61s);  // and time that has really passed counts
    old.sweep();
    CHECK(old.counts().processed == 1);
}

TEST_CASE("Retention: a wall clock that is set back keeps orders for longer") {
    OldOrders old({.keep_processed = 60s});
    old.finish(1, 10);
    old.world.clock.set_utc(old.world.clock.now().utc - 1h);
    old.world.clock.advance(61s);
    old.sweep();
    CHECK(old.counts().processed == 10);
    old.world.clock.advance(1h);
    old.sweep();
    CHECK(old.counts().processed == 1);
}

TEST_CASE(
    "Retention: a wall clock that was behind at the start is believed after as long as kept") {
    test::World world;
    Faults faults;
    FaultyStore store(open_order_store(world.location), faults);
    const UtcTime right = world.clock.now().utc;
    // From an earlier boot, with the clock right.
    world.submit({an_order("old"), an_order("pending")});
    world.settle(world.claim("w1").lease);
    world.clock.set_utc(UtcTime{1h});
    Retention retention(store, world.clock, {.keep_processed = 600s});
    Retention::SteadyTime now{1h};
    const auto sweep = [&] {
        while (retention.next_step() <= now) retention.step(now);
        now += 1min;
    };
    world.clock.advance(60s);
    sweep();
    world.clock.set_utc(right + 24h);  // NTP steps
    for (int order = 0; order < 1'000; ++order) {
        world.submit(an_order("new-" + std::to_string(order)));
    }
    world.settle(world.claim("w2").lease);
    for (int minute = 0; minute < 10; ++minute) {
        sweep();
        CHECK(world.report().total().processed == 2);
        world.clock.advance(60s);
    }
    sweep();
    CHECK(world.report().total().processed == 1);  // nothing but what is as old as it has to be
    CHECK(world.find("pending").status == OrderStatus::processed);
    world.clock.advance(1s);
    sweep();
    CHECK(world.report().total().processed == 0);
}

TEST_CASE("Retention: a walk ends at the first young order, too, while the clock is not believed") {
    OldOrders old({.keep_processed = 600s});
    old.world.clock.set_utc(old.world.clock.now().utc + 1'000h);
    // More than one look passes.
    for (int order = 0; order < 10; ++order) {
        std::vector<NewOrder> orders;
        for (int i = 0; i < 1'000; ++i) {
            orders.push_back(an_order(std::to_string(order * 1'000 + i)));
        }
        old.world.submit(orders);
    }
    old.world.submit({an_order("one"), an_order("more")});
    old.sweep();
    CHECK(old.faults.walks == 1);
}

TEST_CASE("Retention: what can never match any more is passed once") {
    OldOrders old({.keep_processed = 60s});
    old.finish(1, more_than_a_batch);
    old.finish(more_than_a_batch + 1, more_than_a_batch + 10, Failure{"timeout"});
    old.world.clock.advance(61s);
    old.sweep();
    CHECK(old.counts() ==
          StatusCounts{.pending = 0, .processing = 0, .processed = 0, .failed = 10});
    old.sweep();
    CHECK(old.faults.walked_after >= static_cast<std::int64_t>(Retention::batch_size));
    // And what comes later is found.
    old.finish(1'001, 1'010);
    old.world.submit(an_order("last"));
    old.world.clock.advance(61s);
    old.sweep();
    CHECK(old.counts().processed == 0);
}

TEST_CASE("Retention: the longer a walk looks in vain, the longer is the pause after it") {
    OldOrders old({.keep_processed = 60s});
    old.world.submit({an_order("old"), an_order("last")});
    old.world.clock.advance(61s);
    old.faults.walk_takes_ms = 400;
    old.retention.step(old.now);
    CHECK(old.retention.next_step() >= old.now + 8s);
    CHECK(old.retention.next_step() <= old.now + 1min);
}

TEST_CASE("Retention: a step that fails is done again after a pause") {
    OldOrders old({.keep_processed = 60s});
    old.finish(1, 10);
    old.world.clock.advance(61s);
    SUBCASE("at the look") {
        old.faults.walks_to_fail = 1;
    }
    SUBCASE("at the begin") {
        old.faults.begins_to_fail = 1;
    }
    SUBCASE("at the commit") {
        old.faults.commits_to_fail = 1;
    }
    SUBCASE("in tidying") {
        old.faults.tidies_to_fail = 1;
    }
    CHECK_THROWS_AS(old.retention.step(old.now), StoreError);
    CHECK(old.retention.next_step() > old.now);
    old.now += 1min;
    old.sweep();
    CHECK(old.counts().processed == 1);
}

TEST_CASE("Retention: several workers may sweep the same orders") {
    OldOrders old({.keep_processed = 60s});
    old.finish(1, more_than_a_batch);
    old.world.clock.advance(61s);
    Faults other_faults;
    FaultyStore other_store(open_order_store(old.world.location), other_faults);
    Retention other(other_store, old.world.clock, {.keep_processed = 1s});
    // This one starts its clock now, and may be ahead or behind at any step.
    while (old.retention.next_step() <= old.now || other.next_step() <= old.now) {
        old.retention.step(old.now);
        other.step(old.now);
    }
    CHECK(old.counts().processed == 1);
    CHECK(old.counts().pending == 0);
}

TEST_CASE("Dispatcher: old orders are deleted while it works, and its work comes first") {
    World world;
    Worker worker(world, {.retention = {.keep_processed = 1s, .keep_failed = 1s}});
    worker.processor.finish_all();
    worker.run();
    std::vector<NewOrder> orders;
    for (int number = 0; number < more_than_a_batch; ++number) {
        orders.push_back(an_order(std::to_string(number)));
    }
    world.submit(orders);
    eventually(patience, [&] { return world.report().total().processed == more_than_a_batch; });
    world.clock.advance(2s);
    eventually(patience, [&] { return world.report().total().processed == 1; });
    world.submit(an_order("next"));
    world.wait_until("next", OrderStatus::processed);
}

TEST_CASE("Dispatcher: a store that only a new process can use ends it, in deleting too") {
    World world;
    Worker worker(world, {.retention = {.keep_processed = 1s}});
    worker.faults.kind = StoreError::Kind::unusable;
    worker.faults.walks_to_fail = 1;
    worker.run();
    CHECK_THROWS_AS(worker.wait_until_ended(), StoreError);
}

TEST_CASE("Dispatcher: a store that fails in deleting does not keep it from working") {
    World world;
    Worker worker(world, {.retention = {.keep_processed = 1s}});
    worker.faults.walks_to_fail = 1'000'000;
    worker.processor.finish_all();
    worker.run();
    eventually(patience, [&] { return worker.faults.walks >= 1; });
    world.submit(an_order("a"));
    world.wait_until("a", OrderStatus::processed);
    worker.stop();
    CHECK(world.report().workers.empty());
}

}  // namespace
}  // namespace orders
