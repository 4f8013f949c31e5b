#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/worker/worker_under_test.h"
#include "worker/dispatcher.h"

namespace orders::test {

using namespace std::chrono_literals;

TEST_CASE("dispatcher: old orders are deleted while it works, and its work comes first") {
    World world;
    Worker worker(world, {.retention = {.keep_processed = 1s, .keep_failed = 1s}});
    worker.processor.finish_all();
    worker.run();
    constexpr int orders_to_delete = 450;  // takes more than one sweep
    std::vector<NewOrder> orders;
    for (int number = 0; number < orders_to_delete; ++number) {
        orders.push_back(an_order(std::to_string(number)));
    }
    world.submit(orders);
    eventually(patience, [&] { return world.counts().processed == orders_to_delete; });
    world.clock.advance(2s);
    eventually(patience, [&] { return world.counts().processed == 1; });
    world.submit(an_order("next"));
    world.wait_until("next", OrderStatus::processed);
}

TEST_CASE("dispatcher: a store that only a new process can use ends it, even when deleting") {
    World world;
    Worker worker(world, {.retention = {.keep_processed = 1s}});
    worker.faults.kind = StoreError::Kind::unusable;
    worker.faults.cure = StoreError::Cure::restart;
    worker.faults.sweeps_to_fail = 1;
    worker.run();
    CHECK_THROWS_AS(worker.wait_until_ended(), StoreError);
}

TEST_CASE("dispatcher: a store that fails when deleting does not keep it from working") {
    World world;
    Worker worker(world, {.retention = {.keep_processed = 1s}});
    worker.faults.sweeps_to_fail = 1'000'000;
    worker.processor.finish_all();
    worker.run();
    eventually(patience, [&] { return worker.faults.sweeps >= 1; });
    world.submit(an_order("a"));
    world.wait_until("a", OrderStatus::processed);
    worker.stop();
    CHECK(world.report().workers.empty());
}

}  // namespace orders::test
