#pragma once

// Processes claimed orders on a fixed number of threads, each order on exactly one, and keeps their
// deadlines: when an order's time is up, its processing is told to stop and the order counts as
// Failed with the reason `timeout` from that moment, whether or not its thread has returned. A
// thread that does not return stays occupied and takes nothing new; its late result is dropped.
//
// The functions are for one thread, the dispatcher's. It learns through the wake signal that
// something has finished, and watches next_deadline() itself.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <list>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "shared/domain/claim.h"
#include "shared/os/mutex.h"
#include "shared/os/steady_time.h"
#include "shared/os/wake_signal.h"
#include "worker/processors/order_processor.h"

namespace orders {

struct FinishedOrder {
    ClaimedOrder order;
    // Empty if the processing was told to stop and gave up: the order is to be released.
    std::optional<ProcessingResult> result;
};

class ProcessingPool {
   public:
    // An order's time (AttemptLimits::timeout) runs from the moment when a thread begins with it,
    // and is up when `margin` has passed, too: work that takes exactly that long is in time, though
    // its thread wakes a little later. `on_finished` is notified when orders have ended by
    // themselves: once for all until they are taken, and not before every order that was started
    // has a thread, so that instant orders come back together.
    ProcessingPool(OrderProcessor& processor, std::size_t threads, std::chrono::milliseconds margin,
                   WakeSignal& on_finished);
    // Tells everything to stop and waits for the threads.
    ~ProcessingPool();
    ProcessingPool(const ProcessingPool&) = delete;
    ProcessingPool& operator=(const ProcessingPool&) = delete;

    [[nodiscard]] std::size_t threads() const noexcept { return threads_.size(); }
    // Threads that have no order and are not about to get one.
    [[nodiscard]] std::size_t free_threads() const;

    // At most free_threads() orders.
    void start(std::vector<ClaimedOrder> orders);

    // What has finished since the last call, orders whose deadline has passed among them. Waits,
    // for two milliseconds at most, until every order that was started has a thread.
    [[nodiscard]] std::vector<FinishedOrder> take_finished(SteadyTime now);

    // Orders whose time is up and whose processing goes on long after it was told to stop: each is
    // returned once. Their threads are lost for as long as that lasts.
    [[nodiscard]] std::vector<ClaimedOrder> take_stuck(SteadyTime now);

    // When the next order's time is up; empty while none is being processed.
    [[nodiscard]] std::optional<SteadyTime> next_deadline() const;

    // The leases of all orders that were started and not yet taken as finished.
    [[nodiscard]] std::vector<Lease> held() const;

    // What the payloads of all orders take up that have a thread, or are about to get one.
    [[nodiscard]] std::size_t payload_bytes() const;

    // Drops the order: its processing is told to stop and its result no longer matters.
    // Returns it; empty if it is not held.
    std::optional<ClaimedOrder> abandon(const Lease& lease);

    // Drops all that is held, and returns it as given up.
    [[nodiscard]] std::vector<FinishedOrder> abandon_all();

    // Tells all processing to stop; what has not even begun comes back unprocessed. Orders that
    // finish nevertheless are reported as finished.
    void interrupt();

   private:
    struct Job {
        explicit Job(ClaimedOrder claimed) : order(std::move(claimed)) {}

        ClaimedOrder order;
        std::stop_source stop;
        std::optional<SteadyTime> deadline;  // once a thread has begun
        bool is_reported = false;            // finished, timed out or abandoned: not held any more
        bool is_called_stuck = false;
    };

    using Jobs = std::list<Job>;

    void process_orders();
    // Waits for it; empty once the pool ends.
    std::optional<Jobs::iterator> next_job();
    void process(Jobs::iterator job);
    // Whether the caller is to wake another thread, or to tell the dispatcher. A caller that gets
    // true must do it, because nobody else will.
    [[nodiscard]] bool claim_wake() REQUIRES(mutex_);
    [[nodiscard]] bool claim_announcement() REQUIRES(mutex_);
    void end();
    [[nodiscard]] std::optional<ProcessingResult> run_processor(const Job& job);

    // Constant after construction.
    OrderProcessor& processor_;
    const std::chrono::milliseconds margin_;
    WakeSignal& on_finished_;

    mutable Mutex mutex_;
    std::condition_variable_any work_;
    std::condition_variable_any all_begun_;
    bool is_ending_ GUARDED_BY(mutex_) = false;
    std::size_t sleeping_threads_ GUARDED_BY(mutex_) = 0;
    // One of the sleeping threads is waking, and will look at what waits.
    bool is_one_waking_ GUARDED_BY(mutex_) = false;
    // All orders that occupy a thread or wait for one.
    Jobs jobs_ GUARDED_BY(mutex_);
    // Those of them that no thread has begun.
    std::deque<Jobs::iterator> waiting_ GUARDED_BY(mutex_);
    std::vector<FinishedOrder> finished_ GUARDED_BY(mutex_);
    // An order has ended, and the dispatcher has not looked since then.
    bool has_news_ GUARDED_BY(mutex_) = false;
    bool is_announced_ GUARDED_BY(mutex_) = false;

    std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace orders
