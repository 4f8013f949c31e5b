#include <doctest/doctest.h>
#include <poll.h>

#include <string>
#include <vector>

#include "tests/unit/worker/worker_under_test.h"
#include "worker/dispatcher.h"

namespace orders::test {

using namespace std::chrono_literals;
using Ids = std::vector<std::string>;

TEST_CASE("dispatcher: what a dead worker held is processed at once, however long its lease is") {
    World world;
    world.submit({an_order("a"), an_order("b")});
    Worker worker(world, {.hears_the_bell = false});
    worker.processor.finish_all();
    (void)world.claim_and_die("dead", 2);
    worker.run();
    world.wait_until("a", OrderStatus::processed);
    world.wait_until("b", OrderStatus::processed);
    CHECK(world.find("a").attempts == 2);
    CHECK(world.find("b").attempts == 2);
    CHECK(world.report().workers.size() == 1);
}

TEST_CASE("dispatcher: a death is noticed while all threads are busy") {
    World world;
    world.submit({an_order("busy"), an_order("a")});
    Worker worker(world);
    worker.run().processor.wait_until_begun("busy");
    (void)world.claim_and_die("dead", 1);
    world.wait_until("a", OrderStatus::pending);
    CHECK(world.find("a").attempts == 1);
    CHECK(world.find("busy").status == OrderStatus::processing);
}

TEST_CASE("dispatcher: what a worker that hangs held is processed once its lease has run out") {
    World world;
    world.submit(an_order("a"));
    world.claim("dead");
    Worker worker(world);
    worker.processor.finish_all();
    worker.run();
    world.wait_for_workers(2);
    CHECK(world.find("a").worker == "dead");

    world.clock.advance(never);
    world.wait_until("a", OrderStatus::processed);
    CHECK(world.find("a").worker == "worker");
    CHECK(world.find("a").attempts == 2);
    CHECK(worker.processor.begun() == Ids{"a"});
}

TEST_CASE("dispatcher: an order whose last attempt ended with its worker's death has Failed") {
    World world;
    world.submit(an_order("a"));
    world.claim("dead", {.max_attempts = 1});
    Worker worker(world);
    worker.run();
    world.wait_for_workers(2);
    world.clock.advance(never);
    world.wait_until("a", OrderStatus::failed);
    CHECK(world.find("a").failure == failure_reason::attempts_exhausted);
    CHECK(worker.processor.begun().empty());
}

TEST_CASE("dispatcher: a bell tells the others of orders that it has taken back") {
    World world;
    world.submit({an_order("busy").high(), an_order("a")});
    Worker worker(world);
    worker.run().processor.wait_until_begun("busy");
    world.claim("dead");
    const auto watch = world.storage->open_watch();
    world.clock.advance(never);
    pollfd source{watch->fd(), POLLIN, 0};
    CHECK(::poll(&source, 1, static_cast<int>(std::chrono::milliseconds(patience).count())) == 1);
    CHECK(world.find("a").status == OrderStatus::pending);
}

TEST_CASE("dispatcher: leases are renewed for as long as the work takes") {
    constexpr auto lease_time = 300ms;
    World world;
    world.submit(an_order("long"));
    Worker worker(world, {.lease_time = lease_time});
    worker.run().processor.wait_until_begun("long");
    for (int round = 0; round < 5; ++round) {
        world.clock.advance(lease_time - 100ms);
        eventually(patience, [&] { return !world.has_expired_in(lease_time - 1ms); });
        CHECK(world.report().workers.size() == 1);
    }
    CHECK(world.find("long").attempts == 1);
    worker.processor.finish("long");
    world.wait_until("long", OrderStatus::processed);
    CHECK(worker.processor.begun() == Ids{"long"});
}

TEST_CASE("dispatcher: after a suspend a worker does not take back what it holds itself") {
    World world;
    world.submit(an_order("a"));
    Worker worker(world, {.threads = 2});
    worker.run().processor.wait_until_begun("a");
    world.clock.advance(never);
    eventually(patience, [&] { return !world.has_expired_in(0ms); });
    CHECK(world.find("a").attempts == 1);
    worker.processor.finish("a");
    world.wait_until("a", OrderStatus::processed);
    CHECK(worker.processor.begun() == Ids{"a"});
}

TEST_CASE("dispatcher: the result of an order whose lease was lost is refused") {
    World world;
    world.submit(an_order("a"));
    Worker worker(world);
    worker.run().processor.wait_until_begun("a");
    const ClaimedOrder taken = world.take_over("other");
    CHECK(taken.attempt == 2);

    // The result of "a" is handed in before, or with, the claim of "b".
    worker.processor.finish("a", Failure{"late"});
    world.submit(an_order("b"));
    worker.processor.wait_until_begun("b");
    CHECK(world.find("a").status == OrderStatus::processing);
    CHECK(world.find("a").worker == "other");
    CHECK(world.settle(taken.lease) == SettleOutcome::settled);
    CHECK(world.find("a").status == OrderStatus::processed);
    CHECK(world.find("a").worker == "other");
    CHECK_FALSE(world.find("a").failure);
}

TEST_CASE("dispatcher: processing is told to stop when a heartbeat finds the lease lost") {
    World world;
    world.submit(an_order("a"));
    Worker worker(world, {.lease_time = 30ms});
    worker.run().processor.wait_until_begun("a");
    const ClaimedOrder taken = world.take_over("other");
    worker.processor.wait_until_told_to_stop("a");

    world.submit(an_order("b"));
    worker.processor.wait_until_begun("b");
    CHECK(world.find("a").worker == "other");
    CHECK(world.find("a").attempts == 2);
    CHECK(world.settle(taken.lease) == SettleOutcome::settled);
}

TEST_CASE("dispatcher: the processing of an order that was cancelled is told to stop") {
    World world;
    world.submit(an_order("a"));
    bool hears_the_bell = true;
    SUBCASE("at once, by a bell") {}
    SUBCASE("soon, by looking") {
        hears_the_bell = false;
    }
    Worker worker(world, {.hears_the_bell = hears_the_bell});
    worker.run().processor.wait_until_begun("a");
    world.cancel("a");
    worker.processor.wait_until_told_to_stop("a");
    worker.stop();
    CHECK(world.find("a").status == OrderStatus::cancelled);
}

TEST_CASE("dispatcher: the result of an order that was cancelled is refused") {
    World world;
    world.submit(an_order("a"));
    Worker worker(world);
    worker.processor.ignore_stop("a");
    worker.run().processor.wait_until_begun("a");
    world.cancel("a");
    worker.processor.wait_until_told_to_stop("a");
    worker.processor.finish("a");
    worker.stop();
    CHECK(world.find("a").status == OrderStatus::cancelled);
    CHECK(world.counts().processed == 0);
}

}  // namespace orders::test
