#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/worker/worker_under_test.h"
#include "worker/dispatcher.h"
#include "worker/processors/simulated.h"

namespace orders::test {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t portion = 1'000;
constexpr std::size_t all = 2 * portion + 500;

void submit_all(World& world) {
    std::vector<NewOrder> batch;
    for (std::size_t number = 0; number < all; ++number) {
        batch.push_back(an_order("order-" + std::to_string(number)));
    }
    world.submit(batch);
}

std::unique_ptr<OrderProcessor> simulating(std::chrono::milliseconds time_unit,
                                           std::vector<Kind> kinds = {}) {
    return std::make_unique<SimulatedProcessor>(
        SimulatedOptions{.time_unit = time_unit,
                         .orders = all,
                         .kinds = std::move(kinds),
                         .defaults = {.timeout = never, .max_attempts = 3}});
}

}  // namespace

TEST_CASE("dispatcher: of thousands of orders it settles a thousand in a turn") {
    World world;
    submit_all(world);
    Worker worker(world, {}, simulating(0ms));
    worker.run();
    eventually(patience, [&] { return world.counts().processed == all; });
    CHECK(worker.faults.largest_turn == portion);
}

TEST_CASE("dispatcher: of thousands of orders it claims, renews and gives back a thousand a turn") {
    constexpr auto lease_time = 300ms;
    World world;
    submit_all(world);
    Worker worker(world, {.lease_time = lease_time, .drain_limit = 0ms}, simulating(1h));
    worker.run();
    eventually(patience, [&] { return world.counts().processing == all; });
    for (int round = 0; round < 3; ++round) {
        world.clock.advance(lease_time - 100ms);
        eventually(patience, [&] { return !world.has_expired_in(lease_time - 1ms); });
    }
    // Each of them may be cancelled, whichever portion its lease is in.
    for (const char* const id : {"order-0", "order-1500", "order-2499"}) world.cancel(id);
    worker.stop();
    CHECK(world.counts().pending == all - 3);
    CHECK(world.counts().cancelled == 3);
    CHECK(world.find("order-2000").attempts == 0);
    CHECK(worker.faults.largest_turn == portion);
}

TEST_CASE("dispatcher: it claims the kinds that its processor takes, and no other") {
    World world;
    world.submit({an_order("a"), an_order("b").of_kind("mail"), an_order("c").of_kind("sms")});
    Worker worker(world, {}, simulating(0ms, {a_kind("mail"), a_kind("fax")}));
    worker.run();
    world.wait_until("b", OrderStatus::processed);
    worker.stop();
    CHECK(world.find("a").status == OrderStatus::pending);
    CHECK(world.find("c").status == OrderStatus::pending);
    CHECK(world.counts().processed == 1);
}

}  // namespace orders::test
