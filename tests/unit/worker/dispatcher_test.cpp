#include "worker/dispatcher.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "shared/storage/store_error.h"
#include "tests/support/eventually.h"
#include "tests/support/order_builder.h"
#include "tests/support/worker_under_test.h"

namespace orders {
namespace {

using namespace std::chrono_literals;
using test::an_order;
using test::eventually;
using test::never;
using test::patience;
using test::Worker;
using test::World;
using Ids = std::vector<std::string>;

TEST_CASE("Dispatcher: one thread works off High before Normal, first come first served in each") {
    World world;
    world.submit({an_order("n1"), an_order("h1").high(), an_order("n2"), an_order("h2").high()});
    Worker worker(world);
    worker.processor.finish_all();
    worker.run();
    world.wait_until("n2", OrderStatus::processed);
    CHECK(worker.processor.begun() == Ids{"h1", "h2", "n1", "n2"});
    CHECK(world.report().total().processed == 4);
}

TEST_CASE("Dispatcher: a High order that comes later goes before every Normal one that waits") {
    World world;
    world.submit({an_order("n1"), an_order("n2"), an_order("n3")});
    Worker worker(world);
    worker.run().processor.wait_until_begun("n1");
    world.submit(an_order("h1").high());
    CHECK(world.report().total().processing == 1);
    CHECK(world.report().total().pending == 3);

    worker.processor.finish_all();
    world.wait_until("n3", OrderStatus::processed);
    CHECK(worker.processor.begun() == Ids{"n1", "h1", "n2", "n3"});
}

TEST_CASE("Dispatcher: never more orders are claimed than threads are free") {
    World world;
    for (int number = 0; number < 8; ++number) world.submit(an_order(std::to_string(number)));
    Worker worker(world, {.threads = 3});
    worker.run().processor.wait_until_running(3);
    CHECK(world.report().total().processing == 3);

    worker.processor.finish("1");
    worker.processor.wait_until_begun("3");
    CHECK(world.report().total() ==
          StatusCounts{.pending = 4, .processing = 3, .processed = 1, .failed = 0});
    worker.processor.finish_all();
    eventually(patience, [&] { return world.report().total().processed == 8; });
    CHECK(worker.processor.most_running() == 3);
}

TEST_CASE("Dispatcher: orders are settled as they ended, and with the worker's name") {
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

TEST_CASE("Dispatcher: an order whose time is up has Failed, though its processing goes on") {
    World world;
    world.submit({an_order("endless"), an_order("next")});
    Worker worker(world, {.timeout = 50ms});
    worker.processor.ignore_stop("endless");
    worker.run();
    world.wait_until("endless", OrderStatus::failed);
    CHECK(world.find("endless").failure == failure_reason::timeout);
    CHECK(worker.processor.was_told_to_stop("endless"));
    CHECK(worker.processor.running() == 1);

    // Its thread takes nothing new until it has returned, and then its result is of no interest.
    CHECK(world.find("next").status == OrderStatus::pending);
    worker.processor.finish("endless");
    worker.processor.wait_until_begun("next");
    CHECK(world.find("endless").status == OrderStatus::failed);
    CHECK(world.find("endless").failure == failure_reason::timeout);
}

TEST_CASE("Dispatcher: a bell is enough to wake it") {
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

TEST_CASE("Dispatcher: what no bell announced is found all the same") {
    World world;
    Worker worker(world);
    worker.processor.finish_all();
    worker.run();
    world.wait_for_workers(1);
    const NewOrder order = an_order("a");
    const auto work = world.store->begin();
    (void)work->submit(std::span(&order, 1), world.clock.now().utc);
    work->commit();
    world.wait_until("a", OrderStatus::processed);
}

TEST_CASE("Dispatcher: it writes nothing while there is nothing to do") {
    World world;
    Worker worker(world, {.look_interval = 1ms});
    worker.run();
    eventually(patience, [&] { return worker.faults.looks >= 20; });
    CHECK(worker.faults.begins == 1);  // to enlist
}

TEST_CASE("Dispatcher: the report has the worker from its start to its end") {
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

TEST_CASE("Dispatcher: what a dead worker held is processed once its lease ran out") {
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

TEST_CASE("Dispatcher: an order whose last attempt ended with its worker's death has Failed") {
    World world;
    world.submit(an_order("a"));
    world.claim("dead");
    Worker worker(world, {.max_attempts = 1});
    worker.run();
    world.wait_for_workers(2);
    world.clock.advance(never);
    world.wait_until("a", OrderStatus::failed);
    CHECK(world.find("a").failure == failure_reason::attempts_exhausted);
    CHECK(worker.processor.begun().empty());
}

TEST_CASE("Dispatcher: a bell tells the others of orders that it has taken back") {
    World world;
    world.submit({an_order("busy").high(), an_order("a")});
    Worker worker(world);
    worker.run().processor.wait_until_begun("busy");
    world.claim("dead");
    DoorbellWatch watch(doorbell_path(world.location));
    world.clock.advance(never);
    pollfd source{watch.fd(), POLLIN, 0};
    CHECK(::poll(&source, 1, static_cast<int>(std::chrono::milliseconds(patience).count())) == 1);
    CHECK(world.find("a").status == OrderStatus::pending);
}

TEST_CASE("Dispatcher: leases are renewed for as long as the work takes") {
    constexpr auto lease_time = 300ms;
    World world;
    world.submit(an_order("long"));
    Worker worker(world, {.lease_time = lease_time});
    worker.run().processor.wait_until_begun("long");
    for (int round = 0; round < 5; ++round) {
        world.clock.advance(lease_time - 100ms);
        Moment last = world.clock.now();
        last.since_boot += lease_time - 1ms;
        eventually(patience, [&] { return !world.store->waiting_work(last).has_expired; });
        CHECK(world.report().workers.size() == 1);
    }
    CHECK(world.find("long").attempts == 1);
    worker.processor.finish("long");
    world.wait_until("long", OrderStatus::processed);
    CHECK(worker.processor.begun() == Ids{"long"});
}

TEST_CASE("Dispatcher: after a suspend a worker does not take back what it holds itself") {
    World world;
    world.submit(an_order("a"));
    Worker worker(world, {.threads = 2});
    worker.run().processor.wait_until_begun("a");
    world.clock.advance(2 * never);
    eventually(patience, [&] { return !world.store->waiting_work(world.clock.now()).has_expired; });
    CHECK(world.find("a").attempts == 1);
    worker.processor.finish("a");
    world.wait_until("a", OrderStatus::processed);
    CHECK(worker.processor.begun() == Ids{"a"});
}

TEST_CASE("Dispatcher: the result of an order whose lease was lost is refused") {
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

TEST_CASE("Dispatcher: processing is told to stop when a heartbeat finds the lease lost") {
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

TEST_CASE("Dispatcher: it stops at once while it is idle") {
    World world;
    Worker worker(world, {.look_interval = never});
    worker.run();
    world.wait_for_workers(1);
    worker.stop();
    CHECK(world.report().workers.empty());
}

TEST_CASE("Dispatcher: asked to stop before it began, it claims nothing") {
    World world;
    world.submit(an_order("a"));
    Worker worker(world);
    worker.request_stop();
    worker.run().wait_until_ended();
    CHECK(world.find("a").status == OrderStatus::pending);
    CHECK(worker.processor.begun().empty());
}

TEST_CASE("Dispatcher: when it stops, what it holds may finish, and nothing new is claimed") {
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

TEST_CASE("Dispatcher: what is not finished when the drain ends is given back, not charged") {
    World world;
    world.submit({an_order("a").high(), an_order("b")});
    {
        Worker worker(world, {.name = "stopping", .drain_limit = 0ms});
        worker.run().processor.wait_until_begun("a");
        DoorbellWatch watch(doorbell_path(world.location));
        worker.stop();
        CHECK(worker.processor.was_told_to_stop("a"));
        CHECK(world.find("a").status == OrderStatus::pending);
        CHECK(world.find("a").attempts == 0);
        CHECK_FALSE(world.find("a").worker);
        pollfd source{watch.fd(), POLLIN, 0};
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

TEST_CASE("Dispatcher: an order whose processing does not stop is given back all the same") {
    World world;
    world.submit(an_order("a"));
    Worker worker(world, {.drain_limit = 0ms});
    worker.processor.ignore_stop("a");
    worker.run().processor.wait_until_begun("a");
    worker.stop();
    CHECK(worker.processor.running() == 1);
    CHECK(world.find("a").status == OrderStatus::pending);
    CHECK(world.find("a").attempts == 0);
    CHECK(world.report().total().processing == 0);
}

TEST_CASE("Dispatcher: a store that fails for a while loses nothing") {
    World world;
    Worker worker(world, {.threads = 2});
    worker.run();
    world.wait_for_workers(1);
    SUBCASE("when orders are claimed") {
        SUBCASE("at the look") {
            worker.faults.looks_to_fail = 2;
        }
        SUBCASE("at the begin") {
            worker.faults.begins_to_fail = 2;
        }
        SUBCASE("at the commit") {
            worker.faults.commits_to_fail = 2;
        }
        SUBCASE("in tidying") {
            worker.faults.tidies_to_fail = 2;
        }
        SUBCASE("with a full disk") {
            worker.faults.kind = StoreError::Kind::full;
            worker.faults.commits_to_fail = 2;
        }
        world.submit({an_order("a"), an_order("b")});
        worker.processor.wait_until_running(2);
        worker.processor.finish_all();
    }
    SUBCASE("when results are settled") {
        world.submit({an_order("a"), an_order("b")});
        worker.processor.wait_until_running(2);
        SUBCASE("at the begin") {
            worker.faults.begins_to_fail = 2;
        }
        SUBCASE("at the commit") {
            worker.faults.commits_to_fail = 2;
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

TEST_CASE("Dispatcher: a store that fails at first is tried again") {
    World world;
    Worker worker(world);
    SUBCASE("at the begin") {
        worker.faults.begins_to_fail = 2;
    }
    SUBCASE("at the commit") {
        worker.faults.commits_to_fail = 2;
    }
    worker.processor.finish_all();
    worker.run();
    world.submit(an_order("a"));
    world.wait_until("a", OrderStatus::processed);
    CHECK(world.report().workers.size() == 1);
    worker.stop();
    CHECK(world.report().workers.empty());
}

TEST_CASE("Dispatcher: it stops although a store that fails has not let it begin") {
    World world;
    Worker worker(world);
    worker.faults.begins_to_fail = 1'000'000;
    worker.run();
    eventually(patience, [&] { return worker.faults.begins >= 2; });
    worker.stop();
    CHECK(world.report().workers.empty());
}

TEST_CASE("Dispatcher: it does not end before a failing store has taken what it holds") {
    World world;
    world.submit({an_order("a"), an_order("b")});
    SUBCASE("results") {
        Worker worker(world, {.threads = 2});
        worker.run().processor.wait_until_running(2);
        worker.faults.commits_to_fail = 2;
        worker.request_stop();
        worker.processor.finish_all();
        worker.wait_until_ended();
        CHECK(worker.faults.commits_to_fail == 0);
        CHECK(world.report().total().processed == 2);
    }
    SUBCASE("orders to give back") {
        Worker worker(world, {.threads = 2, .drain_limit = 0ms});
        worker.run().processor.wait_until_running(2);
        worker.faults.commits_to_fail = 2;
        worker.stop();
        CHECK(worker.faults.commits_to_fail == 0);
        CHECK(world.report().total().pending == 2);
        CHECK(world.find("a").attempts == 0);
        CHECK(world.find("b").attempts == 0);
    }
}

TEST_CASE("Dispatcher: where only a new process can help, it ends with the error") {
    World world;
    world.submit(an_order("a"));
    Worker worker(world);
    worker.run().processor.wait_until_begun("a");
    SUBCASE("the outcome of a commit is unknown") {
        worker.faults.kind = StoreError::Kind::outcome_unknown;
    }
    SUBCASE("the store is unusable") {
        worker.faults.kind = StoreError::Kind::unusable;
    }
    worker.faults.commits_to_fail = 1;
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

TEST_CASE("Dispatcher: a worker that cannot retire ends all the same") {
    World world;
    Worker worker(world);
    worker.run();
    world.wait_for_workers(1);
    worker.faults.commits_to_fail = 1;
    CHECK_NOTHROW(worker.stop());
    CHECK(world.report().workers.size() == 1);
    world.clock.advance(never);
    CHECK(world.report().workers.empty());
}

TEST_CASE("Dispatcher: several workers share the orders, and each order is processed once") {
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
    eventually(patience, [&] { return world.report().total().processed == orders; });
    one.stop();
    other.stop();
    CHECK(one.processor.begun().size() + other.processor.begun().size() == orders);
    CHECK(world.report().total() ==
          StatusCounts{.pending = 0, .processing = 0, .processed = orders, .failed = 0});
}

}  // namespace
}  // namespace orders
