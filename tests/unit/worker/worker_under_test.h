#pragma once

// A dispatcher with all that it needs, on a thread of its own, and the world around it: a store,
// clients, other workers, and time that stands still until the test moves it.
//
// Both belong to the test's main thread. World::clock is read by the dispatcher's thread too.

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "shared/os/wake_signal.h"
#include "shared/storage/sqlite/sqlite_storage.h"
#include "tests/support/eventually.h"
#include "tests/support/manual_clock.h"
#include "tests/support/order_builder.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/worker/faulty_worker_store.h"
#include "tests/unit/worker/scripted_processor.h"
#include "worker/dispatcher.h"
#include "worker/processing_pool.h"

namespace orders::test {

// Longer than any test: what takes that long does not happen by itself.
inline constexpr std::chrono::milliseconds never = std::chrono::hours(1);

// The orders and all their users except the worker under test: clients, and other workers.
class World {
   public:
    void submit(const std::vector<NewOrder>& orders) {
        (void)intake_->begin()->commit({.creates = {orders}});
    }
    void submit(const NewOrder& order) { submit(std::vector{order}); }

    Order find(const std::string& id) { return reader_->find(order_id(id)).value(); }
    OrderReport report() { return reader_->report(); }
    StatusCounts counts() { return report().total(); }
    void wait_until(const std::string& id, OrderStatus status) {
        eventually(
            patience, [&] { return to_string(find(id).status); },
            [&](std::string_view seen) { return seen == to_string(status); });
    }
    void wait_for_workers(std::size_t workers) {
        eventually(patience, [&] { return report().workers.size() == workers; });
    }

    // Another worker claims the first orders that are due.
    std::vector<ClaimedOrder> claim(const std::string& name, std::size_t orders) {
        return others_
            ->take_turn(
                {.worker = enlist(*others_, name), .lease_time = never, .claim_limit = orders})
            .claimed;
    }
    ClaimedOrder claim(const std::string& name) { return claim(name, 1).at(0); }
    // The same, but then it dies.
    std::vector<ClaimedOrder> claim_and_die(const std::string& name, std::size_t orders) {
        const auto doomed = storage->open_worker();
        return doomed
            ->take_turn(
                {.worker = enlist(*doomed, name), .lease_time = never, .claim_limit = orders})
            .claimed;
    }
    // Another worker takes over the only order that is held: to it, all leases have run out. It
    // lives as long as this.
    ClaimedOrder take_over(const std::string& name) {
        later_.emplace(moment_in(never));
        taker_ = sqlite::open_storage(location, *later_)->open_worker();
        return taker_
            ->take_turn({.worker = enlist(*taker_, name),
                         .lease_time = never,
                         .take_back_limit = 1'000,
                         .max_attempts = 1'000,
                         .claim_limit = 1})
            .claimed.at(0);
    }
    SettleOutcome settle(const Lease& lease) {
        return others_->take_turn({.settlements = {{lease, Completed{}}}}).settled.at(0);
    }
    void settle(const std::vector<ClaimedOrder>& orders, const ProcessingResult& result) {
        WorkerTurn turn;
        for (const ClaimedOrder& order : orders) turn.settlements.push_back({order.lease, result});
        (void)others_->take_turn(turn);
    }
    // Whether a lease will have run out then, unless it is renewed.
    bool has_expired_in(std::chrono::milliseconds time) {
        const ManualClock later(moment_in(time));
        return sqlite::open_storage(location, later)->open_worker()->has_expired();
    }

   private:
    static WorkerId enlist(WorkerStore& store, const std::string& name) {
        return store.enlist({.name = name, .host = "h", .threads = 1}, never);
    }
    [[nodiscard]] sqlite::Moment moment_in(std::chrono::milliseconds time) const {
        sqlite::Moment later = clock.now();
        later.utc += time;
        later.since_boot += time;
        return later;
    }

    TempDir directory_;

   public:
    const std::string location = directory_.file("orders.db");
    ManualClock clock;
    std::unique_ptr<Storage> storage = sqlite::open_storage(location, clock);

   private:
    std::unique_ptr<IntakeStore> intake_ = storage->open_intake();
    std::unique_ptr<WorkerStore> others_ = storage->open_worker();
    std::unique_ptr<OrderReader> reader_ = storage->open_reader();
    std::optional<ManualClock> later_;
    std::unique_ptr<WorkerStore> taker_;
};

// One that no ring reaches.
class DeafWatch final : public WorkWatch {
   public:
    [[nodiscard]] int fd() const noexcept override { return never_notified_.fd(); }
    void clear() noexcept override {}

   private:
    WakeSignal never_notified_;
};

struct WorkerOptions {
    std::string name = "worker";
    std::size_t threads = 1;
    std::chrono::milliseconds timeout = never;
    std::chrono::milliseconds lease_time = never;
    std::chrono::milliseconds drain_limit = never;
    std::chrono::milliseconds look_interval = std::chrono::milliseconds(10);
    std::chrono::milliseconds renewal_grace{0};
    int max_attempts = 3;
    bool hears_the_bell = true;
    RetentionOptions retention = {};
};

// The worker under test: a dispatcher that runs on a thread of its own.
class Worker {
   public:
    explicit Worker(World& world, const WorkerOptions& options = {})
        : store_(world.storage->open_worker(), faults),
          watch_(options.hears_the_bell ? world.storage->open_watch()
                                        : std::make_unique<DeafWatch>()),
          pool_(
              std::make_unique<ProcessingPool>(processor, options.threads, options.timeout, wake_)),
          dispatcher_(store_, *pool_, *watch_, wake_,
                      {.worker = {.name = options.name,
                                  .host = "host",
                                  .threads = static_cast<int>(options.threads)},
                       .lease_time = options.lease_time,
                       .max_attempts = options.max_attempts,
                       .drain_limit = options.drain_limit,
                       .hurry = hurry_.get_token(),
                       .look_interval = options.look_interval,
                       .renewal_grace = options.renewal_grace,
                       .retention = options.retention,
                       .on_enlisted = [this] { ++enlistings; }}) {}

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
    void request_hurry() {
        hurry_.request_stop();
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
    std::atomic<int> enlistings = 0;  // that the dispatcher told of

   private:
    FaultyWorkerStore store_;
    WakeSignal wake_;
    std::unique_ptr<WorkWatch> watch_;
    std::unique_ptr<ProcessingPool> pool_;
    std::stop_source hurry_;
    Dispatcher dispatcher_;
    std::stop_source stop_;
    std::exception_ptr failure_;
    std::atomic<bool> has_ended_ = false;
    std::jthread thread_;
};

}  // namespace orders::test
