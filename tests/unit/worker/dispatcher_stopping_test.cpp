#include <doctest/doctest.h>
#include <poll.h>

#include <string>
#include <vector>

#include "tests/unit/worker/worker_under_test.h"
#include "worker/dispatcher.h"

namespace orders::test {

using namespace std::chrono_literals;
using Ids = std::vector<std::string>;

TEST_CASE("dispatcher: it stops at once while it is idle") {
    World world;
    Worker worker(world, {.look_interval = never});
    worker.run();
    world.wait_for_workers(1);
    worker.stop();
    CHECK(world.report().workers.empty());
}

TEST_CASE("dispatcher: asked to stop before it began, it claims nothing") {
    World world;
    world.submit(an_order("a"));
    Worker worker(world);
    worker.request_stop();
    worker.run().wait_until_ended();
    CHECK(world.find("a").status == OrderStatus::pending);
    CHECK(worker.processor.begun().empty());
}

TEST_CASE("dispatcher: when it stops, what it holds may finish, and nothing new is claimed") {
    World world;
    world.submit({an_order("held"), an_order("failing"), an_order("waiting")});
    Worker worker(world, {.threads = 2});
    worker.run().processor.wait_until_running(2);
    worker.request_stop();
    worker.processor.finish("held");
    worker.processor.finish("failing", Failure{"broken"});
    worker.wait_until_ended();
    CHECK(world.find("held").status == OrderStatus::processed);
    CHECK(world.find("failing").failure == "broken");
    CHECK(world.find("waiting").status == OrderStatus::pending);
    CHECK(world.find("waiting").attempts == 0);
    CHECK_FALSE(worker.processor.was_told_to_stop("held"));
}

TEST_CASE("dispatcher: what is not finished when the drain ends is given back, not charged") {
    World world;
    world.submit({an_order("a").high(), an_order("b")});
    {
        Worker worker(world, {.name = "stopping", .drain_limit = 0ms});
        worker.run().processor.wait_until_begun("a");
        const auto watch = world.storage->open_watch();
        worker.stop();
        CHECK(worker.processor.was_told_to_stop("a"));
        CHECK(world.find("a").status == OrderStatus::pending);
        CHECK(world.find("a").attempts == 0);
        CHECK_FALSE(world.find("a").worker);
        pollfd source{watch->fd(), POLLIN, 0};
        CHECK(::poll(&source, 1, 0) == 1);  // the others were told
    }
    Worker next(world, {.name = "next"});
    next.processor.finish_all();
    next.run();
    world.wait_until("b", OrderStatus::processed);
    CHECK(next.processor.begun() == Ids{"a", "b"});
    CHECK(world.find("a").attempts == 1);
    CHECK(world.find("a").worker == "next");
}

TEST_CASE("dispatcher: told to hurry, it does not wait for the drain's end to give work back") {
    World world;
    world.submit(an_order("a"));
    Worker worker(world, {.drain_limit = never});
    worker.run().processor.wait_until_begun("a");
    worker.request_stop();
    worker.request_hurry();
    worker.wait_until_ended();
    CHECK(worker.processor.was_told_to_stop("a"));
    CHECK(world.find("a").status == OrderStatus::pending);
    CHECK(world.find("a").attempts == 0);
}

TEST_CASE("dispatcher: an order whose processing does not stop is given back all the same") {
    World world;
    world.submit(an_order("a"));
    Worker worker(world, {.drain_limit = 0ms});
    worker.processor.ignore_stop("a");
    worker.run().processor.wait_until_begun("a");
    worker.stop();
    CHECK(worker.processor.running() == 1);
    CHECK(world.find("a").status == OrderStatus::pending);
    CHECK(world.find("a").attempts == 0);
    CHECK(world.counts().processing == 0);
}

}  // namespace orders::test
