#pragma once

// A dispatcher with all that it needs, on a thread of its own. It belongs to the test's main
// thread.

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "shared/os/wake_signal.h"
#include "tests/support/eventually.h"
#include "tests/support/faulty_stores.h"
#include "tests/support/world.h"
#include "tests/unit/worker/scripted_processor.h"
#include "worker/dispatcher.h"
#include "worker/orders_in_work.h"
#include "worker/processors/processors_by_kind.h"
#include "worker/processors/threaded.h"

namespace orders::test {

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
    std::size_t max_payload_bytes = 1'000'000;
    bool hears_the_bell = true;
    RetentionOptions retention = {};
};

// The worker under test: a dispatcher that runs on a thread of its own. Its orders are scripted on
// threads, unless another processor is given.
class Worker {
   public:
    explicit Worker(World& world, const WorkerOptions& options = {},
                    std::unique_ptr<OrderProcessor> other_processor = nullptr)
        : store_(world.storage->open_worker(), faults),
          housekeeping_(world.storage->open_housekeeping(), faults),
          work_watch_(options.hears_the_bell ? world.storage->open_watch()
                                             : std::make_unique<DeafWatch>()),
          end_watch_(options.hears_the_bell ? world.storage->open_end_watch()
                                            : std::make_unique<DeafWatch>()),
          in_work_(by_kind_, std::chrono::milliseconds(0), wake_),
          dispatcher_({.store = store_,
                       .housekeeping = housekeeping_,
                       .work_watch = *work_watch_,
                       .end_watch = *end_watch_,
                       .in_work = in_work_,
                       .wake = wake_},
                      {.worker = {.name = options.name,
                                  .host = "host",
                                  .threads = static_cast<int>(options.threads)},
                       .lease_time = options.lease_time,
                       .max_payload_bytes = options.max_payload_bytes,
                       .drain_limit = options.drain_limit,
                       .hurry = hurry_.get_token(),
                       .look_interval = options.look_interval,
                       .housekeeping = {.retention = options.retention,
                                        .look_interval = options.look_interval,
                                        .renewal_grace = options.renewal_grace},
                       .on_enlisted = [this] { ++enlistings; }}) {
        by_kind_.add(other_processor ? std::move(other_processor) : scripted(options));
    }

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
    [[nodiscard]] std::unique_ptr<OrderProcessor> scripted(const WorkerOptions& options) {
        return std::make_unique<ThreadedProcessor>(
            processor, ThreadedOptions{.threads = options.threads,
                                       .defaults = {.timeout = options.timeout,
                                                    .max_attempts = options.max_attempts}});
    }

    FaultyWorkerStore store_;
    FaultyHousekeepingStore housekeeping_;
    WakeSignal wake_;
    std::unique_ptr<WorkWatch> work_watch_;
    std::unique_ptr<WorkWatch> end_watch_;
    ProcessorsByKind by_kind_;
    OrdersInWork in_work_;
    std::stop_source hurry_;
    Dispatcher dispatcher_;
    std::stop_source stop_;
    std::exception_ptr failure_;
    std::atomic<bool> has_ended_ = false;
    std::jthread thread_;
};

}  // namespace orders::test
