#include "shared/housekeeping/retention.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/faulty_stores.h"
#include "tests/support/world.h"

namespace orders::test {

using namespace std::chrono_literals;

namespace {

// Orders that finish when the test says so, and a retention that steps when it says so.
struct OldOrders {
    explicit OldOrders(const RetentionOptions& options) : retention(store, options) {}

    // Orders with these numbers come and are finished now.
    void finish(int first, int last, const ProcessingResult& result = Completed{}) {
        std::vector<NewOrder> orders;
        for (int number = first; number <= last; ++number) {
            orders.push_back(an_order(std::to_string(number)));
        }
        world.submit(orders);
        world.settle(world.claim("w" + std::to_string(first), orders.size()), result);
    }

    // Steps as long as a step is due, then lets the pause go by.
    void sweep() {
        while (retention.next_step() <= now) retention.step(now);
        now += 1min;
    }
    StatusCounts counts() { return world.counts(); }

    World world;
    Faults faults;
    FaultyHousekeepingStore store{world.storage->open_housekeeping(), faults};
    Retention retention;
    SteadyTime now{1h};
};

constexpr int more_than_a_sweep = 450;

}  // namespace

TEST_CASE("retention: nothing is looked at, and nothing deleted, unless it was asked for") {
    OldOrders old({});
    old.finish(1, 3);
    old.world.clock.advance(24h * 365 * 100);
    CHECK(old.retention.next_step() == SteadyTime::max());
    old.retention.step(old.now);
    CHECK(old.faults.sweeps == 0);
    CHECK(old.counts().processed == 3);
}

TEST_CASE("retention: orders are deleted when they are older than asked for, and not before") {
    OldOrders old({.keep_processed = 60s});
    old.finish(1, more_than_a_sweep);
    old.world.submit(an_order("last"));
    old.world.clock.advance(60s);
    old.sweep();
    CHECK(old.counts().processed == more_than_a_sweep);
    CHECK(old.faults.sweeps == 1);
    old.world.clock.advance(1ms);
    old.sweep();
    CHECK(old.counts().processed == 0);
    CHECK(old.counts().pending == 1);
}

TEST_CASE("retention: each status has its own time, and 0 keeps for ever") {
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

TEST_CASE("retention: Cancelled orders are kept as long as Failed ones") {
    OldOrders old({.keep_failed = 60s});
    old.world.submit({an_order("a"), an_order("last")});
    old.world.cancel("a");
    CHECK(old.counts().cancelled == 1);
    old.world.clock.advance(61s);
    old.sweep();
    CHECK(old.counts().cancelled == 0);
}

TEST_CASE("retention: the oldest orders go while all take up more than allowed") {
    OldOrders old({.max_bytes = 10 * counted_bytes_per_order});
    old.finish(1, 30);
    old.world.submit(an_order("last"));
    old.sweep();
    CHECK(old.counts().processed == 9);
    CHECK(old.world.find("30").status == OrderStatus::processed);
}

TEST_CASE("retention: what comes after a round is found by a later one") {
    OldOrders old({.keep_processed = 60s});
    old.finish(1, 10);
    old.world.clock.advance(61s);
    old.sweep();
    CHECK(old.counts().processed == 1);  // the last one submitted stays
    old.finish(11, 20);
    old.world.submit(an_order("last"));
    old.world.clock.advance(61s);
    old.sweep();
    CHECK(old.counts().processed == 0);
}

TEST_CASE("retention: as long as there is more, it goes on at once, then comes a pause") {
    OldOrders old({.keep_processed = 60s});
    old.finish(1, more_than_a_sweep);
    old.world.clock.advance(61s);
    old.retention.step(old.now);
    CHECK(old.retention.next_step() == old.now);
    while (old.retention.next_step() <= old.now) old.retention.step(old.now);
    CHECK(old.counts().processed == 1);
    CHECK(old.retention.next_step() >= old.now + 1s);
    const int sweeps = old.faults.sweeps;
    old.retention.step(old.now);
    CHECK(old.faults.sweeps == sweeps);
}

TEST_CASE("retention: the longer a round looks in vain, the longer is the pause after it") {
    OldOrders old({.keep_processed = 60s});
    old.world.submit({an_order("old"), an_order("last")});
    old.world.clock.advance(61s);
    old.faults.sweep_takes_ms = 400;
    old.retention.step(old.now);
    CHECK(old.retention.next_step() >= old.now + 8s);
}

TEST_CASE("retention: a step that fails is done again after a pause") {
    OldOrders old({.keep_processed = 60s});
    old.finish(1, 10);
    old.world.clock.advance(61s);
    old.faults.sweeps_to_fail = 1;
    CHECK_THROWS_AS(old.retention.step(old.now), StoreError);
    CHECK(old.retention.next_step() > old.now);
    old.now += 1min;
    old.sweep();
    CHECK(old.counts().processed == 1);
}

}  // namespace orders::test
