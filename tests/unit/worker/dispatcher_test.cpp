#include "worker/dispatcher.h"

#include <doctest/doctest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/unit/worker/worker_under_test.h"

namespace orders::test {

using namespace std::chrono_literals;
using Ids = std::vector<std::string>;

TEST_CASE("dispatcher: one thread processes High before Normal, first come first served in each") {
    World world;
    world.submit({an_order("n1"), an_order("h1").high(), an_order("n2"), an_order("h2").high()});
    Worker worker(world);
    worker.processor.finish_all();
    worker.run();
    world.wait_until("n2", OrderStatus::processed);
    CHECK(worker.processor.begun() == Ids{"h1", "h2", "n1", "n2"});
    CHECK(world.counts().processed == 4);
}

TEST_CASE("dispatcher: a High order that comes later goes before every Normal one that waits") {
    World world;
    world.submit({an_order("n1"), an_order("n2"), an_order("n3")});
    Worker worker(world);
    worker.run().processor.wait_until_begun("n1");
    world.submit(an_order("h1").high());
    CHECK(world.counts().processing == 1);
    CHECK(world.counts().pending == 3);

    worker.processor.finish_all();
    world.wait_until("n3", OrderStatus::processed);
    CHECK(worker.processor.begun() == Ids{"n1", "h1", "n2", "n3"});
}

TEST_CASE("dispatcher: never more orders are claimed than threads are free") {
    World world;
    for (int number = 0; number < 8; ++number) world.submit(an_order(std::to_string(number)));
    Worker worker(world, {.threads = 3});
    worker.run().processor.wait_until_running(3);
    CHECK(world.counts().processing == 3);

    worker.processor.finish("1");
    worker.processor.wait_until_begun("3");
    CHECK(world.counts() ==
          StatusCounts{.pending = 4, .processing = 3, .processed = 1, .failed = 0});
    worker.processor.finish_all();
    eventually(patience, [&] { return world.counts().processed == 8; });
    CHECK(worker.processor.most_running() == 3);
}

TEST_CASE("dispatcher: orders are settled as they ended, and with the worker's name") {
    World world;
    world.submit({an_order("good"), an_order("bad"), an_order("thrown")});
    Worker worker(world, {.name = "host-1-abcd", .threads = 3});
    worker.processor.finish("good");
    worker.processor.finish("bad", Failure{"out_of_stock"});
    worker.processor.end(
        "thrown", []() -> std::optional<ProcessingResult> { throw std::runtime_error("boom"); });
    worker.run();
    world.wait_until("good", OrderStatus::processed);
    world.wait_until("bad", OrderStatus::failed);
    world.wait_until("thrown", OrderStatus::failed);
    CHECK(world.find("good").worker == "host-1-abcd");
    CHECK(world.find("good").attempts == 1);
    CHECK_FALSE(world.find("good").failure);
    CHECK(world.find("bad").failure == "out_of_stock");
    CHECK(world.find("thrown").failure == failure_reason::processor_error);
}

TEST_CASE("dispatcher: an order whose time is up has Failed, though its processing goes on") {
    World world;
    world.submit({an_order("endless"), an_order("next")});
    Worker worker(world, {.timeout = 50ms});
    worker.processor.ignore_stop("endless");
    worker.run();
    world.wait_until("endless", OrderStatus::failed);
    CHECK(world.find("endless").failure == failure_reason::timeout);
    CHECK(worker.processor.was_told_to_stop("endless"));
    CHECK(worker.processor.running() == 1);

    // Its thread takes nothing new until it has returned, and then its result does not matter.
    CHECK(world.find("next").status == OrderStatus::pending);
    worker.processor.finish("endless");
    worker.processor.wait_until_begun("next");
    CHECK(world.find("endless").status == OrderStatus::failed);
    CHECK(world.find("endless").failure == failure_reason::timeout);
}

TEST_CASE("dispatcher: while it holds so much payload as it may, it claims nothing more") {
    World world;
    const std::string payload(60, '1');
    world.submit({an_order("a").carrying(payload), an_order("b").carrying(payload),
                  an_order("c").carrying(payload), an_order("plain")});
    Worker worker(world, {.threads = 4, .max_payload_bytes = 100});
    worker.run();
    worker.processor.wait_until_begun("b");
    worker.processor.finish("a");
    worker.processor.wait_until_begun("c");
    CHECK(world.find("plain").status == OrderStatus::pending);
    worker.processor.finish("b");
    worker.processor.finish("c");
    worker.processor.wait_until_begun("plain");
}

TEST_CASE("dispatcher: a bell is enough to wake it") {
    World world;
    Worker worker(world, {.look_interval = never});
    worker.processor.finish_all();
    worker.run();
    world.wait_for_workers(1);
    for (const char* id : {"a", "b", "c"}) {
        world.submit(an_order(id));
        world.wait_until(id, OrderStatus::processed);
    }
}

TEST_CASE("dispatcher: what no bell announced is found all the same") {
    World world;
    Worker worker(world, {.hears_the_bell = false});
    worker.processor.finish_all();
    worker.run();
    world.wait_for_workers(1);
    world.submit(an_order("a"));
    world.wait_until("a", OrderStatus::processed);
}

TEST_CASE("dispatcher: it writes nothing while there is nothing to do") {
    World world;
    Worker worker(world, {.look_interval = 1ms});
    worker.run();
    eventually(patience, [&] { return worker.faults.looks >= 20; });
    CHECK(worker.faults.turns == 1);  // to enlist
}

TEST_CASE("dispatcher: the report has the worker from its start to its end") {
    World world;
    Worker worker(world, {.name = "host-1-abcd", .threads = 2});
    CHECK(world.report().workers.empty());
    world.submit(an_order("a"));
    worker.run().processor.wait_until_begun("a");
    const auto workers = world.report().workers;
    REQUIRE(workers.size() == 1);
    CHECK(workers[0].name == "host-1-abcd");
    CHECK(workers[0].host == "host");
    CHECK(workers[0].threads == 2);
    CHECK(workers[0].processing == 1);

    worker.processor.finish("a");
    worker.stop();
    CHECK(world.report().workers.empty());
}

TEST_CASE("dispatcher: several workers share the orders, and each order is processed once") {
    constexpr int orders = 300;
    World world;
    Worker one(world, {.name = "one", .threads = 3});
    Worker other(world, {.name = "other", .threads = 3});
    one.processor.finish_all();
    other.processor.finish_all();
    one.run();
    other.run();
    std::vector<NewOrder> batch;
    for (int number = 0; number < orders; ++number) {
        batch.push_back(an_order("order-" + std::to_string(number)));
    }
    world.submit(batch);
    eventually(patience, [&] { return world.counts().processed == orders; });
    one.stop();
    other.stop();
    CHECK(one.processor.begun().size() + other.processor.begun().size() == orders);
    CHECK(world.counts() ==
          StatusCounts{.pending = 0, .processing = 0, .processed = orders, .failed = 0});
}

}  // namespace orders::test
