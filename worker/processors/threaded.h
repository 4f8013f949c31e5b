#pragma once

// Runs a BlockingProcessor on a fixed number of threads, each order on exactly one. A thread whose
// order does not end stays occupied.
//
// Orders that end while others still wait for a thread, as instant ones do, are told of together.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "shared/domain/claim.h"
#include "shared/domain/kind.h"
#include "shared/os/mutex.h"
#include "worker/processors/blocking_processor.h"
#include "worker/processors/order_processor.h"

namespace orders {

struct ThreadedOptions {
    std::size_t threads = 10;      // at most max_threads
    std::vector<Kind> kinds = {};  // empty: all that no other processor takes
    AttemptLimits defaults = {};
};

class ThreadedProcessor final : public OrderProcessor {
   public:
    static constexpr std::size_t max_threads = 1'024;

    ThreadedProcessor(BlockingProcessor& processor, ThreadedOptions options);
    // Waits for the threads.
    ~ThreadedProcessor() override;
    ThreadedProcessor(const ThreadedProcessor&) = delete;
    ThreadedProcessor& operator=(const ThreadedProcessor&) = delete;

    ClaimShare free_capacity() override;
    void start(Attempt attempt, std::stop_token stop, Done done) override;

   private:
    struct Task {
        ClaimedOrder order;
        std::stop_token stop;
        Done done;
        std::optional<ProcessingResult> result = {};
    };
    using Tasks = std::vector<Task>;

    void end();
    void run_tasks();
    // Waits for one; empty once the processor ends.
    [[nodiscard]] std::optional<Task> next_task();
    void process(Task task);
    // Whether the caller is to wake another thread. A caller that gets true must do it, because
    // nobody else will.
    [[nodiscard]] bool claim_wake() REQUIRES(mutex_);
    // Those whose end is to be told now, which the caller must do.
    [[nodiscard]] Tasks take_ended() REQUIRES(mutex_);

    // Constant after construction.
    BlockingProcessor& processor_;
    const ThreadedOptions options_;

    Mutex mutex_;
    std::condition_variable_any work_;
    bool is_ending_ GUARDED_BY(mutex_) = false;
    std::size_t sleeping_threads_ GUARDED_BY(mutex_) = 0;
    // One of the sleeping threads is waking, and will look at what waits.
    bool is_one_waking_ GUARDED_BY(mutex_) = false;
    // Those that were started and whose end was not told yet.
    std::size_t occupied_ GUARDED_BY(mutex_) = 0;
    std::deque<Task> waiting_ GUARDED_BY(mutex_);  // for a thread
    Tasks ended_ GUARDED_BY(mutex_);               // and not yet told

    std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace orders
