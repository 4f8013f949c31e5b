#pragma once

// A dispatcher with all that it needs, on a thread of its own, and the world around it: a store,
// clients, other workers, and time that stands still until the test moves it.
//
// Both belong to the test's main thread. World::clock is read by the dispatcher's thread too.

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "shared/os/wake_signal.h"
#include "shared/storage/open_store.h"
#include "shared/wake/doorbell.h"
#include "tests/support/eventually.h"
#include "tests/support/faulty_store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/order_builder.h"
#include "tests/support/scripted_processor.h"
#include "tests/support/temp_dir.h"
#include "worker/dispatcher.h"
#include "worker/processing_pool.h"

namespace orders::test {

// Longer than any test: what takes that long does not happen by itself.
inline constexpr std::chrono::milliseconds never = std::chrono::hours(1);

// The orders and all who use them but the worker under test: clients, and other workers.
class World {
   public:
    void submit(const std::vector<NewOrder>& orders) {
        const auto work = store->begin();
        (void)work->submit(orders, clock.now().utc);
        work->commit();
        doorbell.ring();
    }
    void submit(const NewOrder& order) { submit(std::vector{order}); }

    Order find(const std::string& id) { return store->find(order_id(id)).value(); }
    OrderReport report() { return store->report(clock.now()); }
    void wait_until(const std::string& id, OrderStatus status) {
        eventually(
            patience, [&] { return to_string(find(id).status); },
            [&](std::string_view seen) { return seen == to_string(status); });
    }
    void wait_for_workers(std::size_t workers) {
        eventually(patience, [&] { return report().workers.size() == workers; });
    }

    // Another worker claims the first order that is due.
    ClaimedOrder claim(const std::string& worker) {
        const auto work = store->begin();
        auto claimed = claim_in(*work, worker, clock.now());
        work->commit();
        return claimed;
    }
    // Another worker takes over the only order that is held: to it, all leases have run out.
    ClaimedOrder take_over(const std::string& worker) {
        Moment later = clock.now();
        later.since_boot += 2 * never;
        const auto work = store->begin();
        (void)work->requeue_expired(later, 1'000, 1'000);
        auto claimed = claim_in(*work, worker, later);
        work->commit();
        return claimed;
    }
    SettleOutcome settle(const Lease& lease) {
        const Settlement settlement{lease, Completed{}};
        const auto work = store->begin();
        const auto outcome = work->settle(std::span(&settlement, 1), clock.now().utc).at(0);
        work->commit();
        return outcome;
    }

   private:
    static ClaimedOrder claim_in(OrderTransaction& work, const std::string& worker,
                                 const Moment& now) {
        const auto id = work.enlist({.name = worker, .host = "h", .threads = 1}, now, never);
        return work.claim(id, 1, now, never).at(0);
    }

    TempDir directory_;

   public:
    const std::string location = directory_.file("orders.db");
    ManualClock clock;
    std::unique_ptr<OrderStore> store = open_order_store(location);
    Doorbell doorbell{doorbell_path(location)};
};

struct WorkerOptions {
    std::string name = "worker";
    std::size_t threads = 1;
    std::chrono::milliseconds timeout = never;
    std::chrono::milliseconds lease_time = never;
    std::chrono::milliseconds drain_limit = never;
    std::chrono::milliseconds look_interval = std::chrono::milliseconds(10);
    int max_attempts = 3;
    RetentionOptions retention = {};
};

// The worker under test: a dispatcher that runs on a thread of its own.
class Worker {
   public:
    explicit Worker(World& world, const WorkerOptions& options = {})
        : store_(open_order_store(world.location), faults),
          doorbell_(doorbell_path(world.location)),
          watch_(doorbell_path(world.location)),
          pool_(
              std::make_unique<ProcessingPool>(processor, options.threads, options.timeout, wake_)),
          dispatcher_(store_, *pool_, doorbell_, watch_, wake_, world.clock,
                      {.worker = {.name = options.name,
                                  .host = "host",
                                  .threads = static_cast<int>(options.threads)},
                       .lease_time = options.lease_time,
                       .max_attempts = options.max_attempts,
                       .drain_limit = options.drain_limit,
                       .look_interval = options.look_interval,
                       .retention = options.retention}) {}

    // Stops it, if the test has not, whatever it may be doing.
    ~Worker() {
        processor.finish_all();
        request_stop();
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // After this the faults are for the test's main thread to set.
    Worker& run() {
        thread_ = std::jthread([this] {
            try {
                dispatcher_.run(stop_.get_token());
            } catch (...) {
                failure_ = std::current_exception();
            }
            has_ended_ = true;
        });
        return *this;
    }
    void request_stop() {
        stop_.request_stop();
        wake_.notify();
    }
    // Throws what run() threw.
    void wait_until_ended() {
        eventually(patience, [&] { return has_ended_.load(); });
        thread_.join();
        if (failure_) std::rethrow_exception(failure_);
    }
    void stop() {
        request_stop();
        wait_until_ended();
    }

    Faults faults;
    ScriptedProcessor processor;

   private:
    FaultyStore store_;
    WakeSignal wake_;
    Doorbell doorbell_;
    DoorbellWatch watch_;
    std::unique_ptr<ProcessingPool> pool_;
    Dispatcher dispatcher_;
    std::stop_source stop_;
    std::exception_ptr failure_;
    std::atomic<bool> has_ended_ = false;
    std::jthread thread_;
};

}  // namespace orders::test
