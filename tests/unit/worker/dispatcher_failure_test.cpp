#include <doctest/doctest.h>

#include "tests/unit/worker/worker_under_test.h"
#include "worker/dispatcher.h"

namespace orders::test {

using namespace std::chrono_literals;

TEST_CASE("dispatcher: a store that fails for a while loses nothing") {
    World world;
    Worker worker(world, {.threads = 2});
    worker.run();
    world.wait_for_workers(1);
    SUBCASE("when orders are claimed") {
        SUBCASE("at the look") {
            worker.faults.looks_to_fail = 2;
        }
        SUBCASE("in the turn") {
            worker.faults.turns_to_fail = 2;
        }
        SUBCASE("in tidying") {
            worker.faults.tidies_to_fail = 2;
        }
        SUBCASE("with a full disk") {
            worker.faults.kind = StoreError::Kind::full;
            worker.faults.turns_to_fail = 2;
        }
        SUBCASE("with an unknown outcome that time cures") {
            worker.faults.kind = StoreError::Kind::outcome_unknown;
            worker.faults.turns_to_fail = 2;
        }
        world.submit({an_order("a"), an_order("b")});
        worker.processor.wait_until_running(2);
        worker.processor.finish_all();
    }
    SUBCASE("when results are settled") {
        world.submit({an_order("a"), an_order("b")});
        worker.processor.wait_until_running(2);
        SUBCASE("in the turn") {
            worker.faults.turns_to_fail = 2;
        }
        SUBCASE("in tidying") {
            worker.faults.tidies_to_fail = 2;
        }
        worker.processor.finish_all();
    }
    world.wait_until("a", OrderStatus::processed);
    world.wait_until("b", OrderStatus::processed);
    CHECK(world.find("a").attempts == 1);
    CHECK(world.find("b").attempts == 1);
    CHECK(worker.processor.begun().size() == 2);
}

TEST_CASE("dispatcher: a store that fails at first is tried again") {
    World world;
    Worker worker(world);
    worker.faults.turns_to_fail = 2;
    worker.processor.finish_all();
    worker.run();
    world.submit(an_order("a"));
    world.wait_until("a", OrderStatus::processed);
    CHECK(world.report().workers.size() == 1);
    worker.stop();
    CHECK(world.report().workers.empty());
}

TEST_CASE("dispatcher: it stops although a store that fails has not let it begin") {
    World world;
    Worker worker(world);
    worker.faults.turns_to_fail = 1'000'000;
    worker.run();
    eventually(patience, [&] { return worker.faults.turns >= 2; });
    worker.stop();
    CHECK(world.report().workers.empty());
}

TEST_CASE("dispatcher: it does not end before a failing store has taken what it holds") {
    World world;
    world.submit({an_order("a"), an_order("b")});
    SUBCASE("results") {
        Worker worker(world, {.threads = 2});
        worker.run().processor.wait_until_running(2);
        worker.faults.turns_to_fail = 2;
        worker.request_stop();
        worker.processor.finish_all();
        worker.wait_until_ended();
        CHECK(worker.faults.turns_to_fail == 0);
        CHECK(world.counts().processed == 2);
    }
    SUBCASE("orders to give back") {
        Worker worker(world, {.threads = 2, .drain_limit = 0ms});
        worker.run().processor.wait_until_running(2);
        worker.faults.turns_to_fail = 2;
        worker.stop();
        CHECK(worker.faults.turns_to_fail == 0);
        CHECK(world.counts().pending == 2);
        CHECK(world.find("a").attempts == 0);
        CHECK(world.find("b").attempts == 0);
    }
}

TEST_CASE("dispatcher: after a failure of the store, others may renew before it takes from them") {
    World world;
    world.submit(an_order("a"));
    (void)world.claim("other");
    const auto fail_until_the_lease_is_over = [&](Worker& worker) {
        worker.run();
        world.wait_for_workers(2);
        worker.faults.turns_to_fail = 1;
        world.clock.advance(never + 1s);
    };
    SUBCASE("for a while") {
        Worker worker(world, {.renewal_grace = never});
        fail_until_the_lease_is_over(worker);
        world.wait_for_workers(1);  // in the turn in which it would have taken the order
        CHECK(world.find("a").status == OrderStatus::processing);
        CHECK(worker.processor.begun().empty());
    }
    SUBCASE("not for ever") {
        Worker worker(world, {.renewal_grace = 1ms});
        fail_until_the_lease_is_over(worker);
        worker.processor.wait_until_begun("a");
    }
}

TEST_CASE("dispatcher: it says so once when the store knows it, however often that fails") {
    World world;
    Worker worker(world);
    worker.faults.turns_to_fail = 2;
    worker.run();
    world.wait_for_workers(1);
    worker.stop();
    CHECK(worker.enlistings == 1);
}

TEST_CASE("dispatcher: if only a new process can help, it ends with the error") {
    World world;
    world.submit(an_order("a"));
    Worker worker(world);
    worker.run().processor.wait_until_begun("a");
    worker.faults.cure = StoreError::Cure::restart;
    SUBCASE("the outcome of a commit is unknown") {
        worker.faults.kind = StoreError::Kind::outcome_unknown;
    }
    SUBCASE("the store is unusable") {
        worker.faults.kind = StoreError::Kind::unusable;
    }
    worker.faults.turns_to_fail = 1;
    worker.processor.finish("a");
    try {
        worker.wait_until_ended();
        FAIL("it ended as if nothing had happened");
    } catch (const StoreError& error) {
        CHECK(error.is_fatal());
    }
    // It is as if it had been killed: the lease brings the order back.
    CHECK(world.find("a").status == OrderStatus::processing);
    CHECK(world.report().workers.size() == 1);
}

TEST_CASE("dispatcher: a worker that cannot retire ends all the same") {
    World world;
    Worker worker(world);
    worker.run();
    world.wait_for_workers(1);
    worker.faults.turns_to_fail = 1;
    CHECK_NOTHROW(worker.stop());
    CHECK(world.report().workers.size() == 1);
    world.clock.advance(never);
    CHECK(world.report().workers.empty());
}

}  // namespace orders::test
