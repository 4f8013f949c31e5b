#pragma once

// Processes an order by waiting as long as its processing time says. That is Completed, unless the
// payload asks for something else, for tests and demonstrations:
//
//     {"simulate": {"outcome": "retry", "times": 2, "reason": "busy", "detail": "try later",
//                   "after_seconds": 3, "result": {"any": "JSON"}}}
//
//   outcome        complete (the default), fail, or retry
//   times          retry only: the attempts that are tried again, from the first on; the next one
//                  completes. Every attempt, if it is not given
//   reason         of a failure or a retry; `simulated` if it is not given
//   detail         of a failure or a retry
//   after_seconds  retry only: the least time to wait
//   result         what a completed order returns, any JSON value (written anew: of numbers and of
//                  doubled keys it keeps what a double, and one key, can hold)
//
// A payload of any other form is not looked at, nor one with a number beyond a double.
//
// All orders that wait share one thread, and one queue by the time at which they are done. Instant
// ones are done within start().

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <thread>
#include <vector>

#include "shared/domain/claim.h"
#include "shared/domain/kind.h"
#include "shared/os/mutex.h"
#include "shared/os/steady_time.h"
#include "worker/processors/order_processor.h"

namespace orders {

struct SimulatedOptions {
    // How long one unit of processing time lasts; zero makes every order instant.
    std::chrono::milliseconds time_unit{1'000};
    std::size_t orders = 10;       // at a time
    std::vector<Kind> kinds = {};  // empty: all that no other processor takes
    AttemptLimits defaults = {};
    // Whether to warn, once for each kind, of an order with a payload that asks for nothing of the
    // above: somebody counts on work that nobody does.
    bool warns_of_work = false;
};

class SimulatedProcessor final : public OrderProcessor {
   public:
    explicit SimulatedProcessor(SimulatedOptions options);
    ~SimulatedProcessor() override;
    SimulatedProcessor(const SimulatedProcessor&) = delete;
    SimulatedProcessor& operator=(const SimulatedProcessor&) = delete;

    ClaimShare free_capacity() override;
    void start(Attempt attempt, std::stop_token stop, Done done) override;

   private:
    struct Waiting;
    // By when they are done; those that were told to stop stand before all others.
    using Queue = std::multimap<SteadyTime, std::unique_ptr<Waiting>>;
    struct GiveUp {
        SimulatedProcessor& processor;
        Waiting& waiting;
        void operator()() const { processor.give_up(waiting); }
    };

    void give_up(Waiting& waiting);
    void end_those_due();
    // Out of the queue.
    [[nodiscard]] std::vector<Queue::node_type> take_due() REQUIRES(mutex_);
    [[nodiscard]] ProcessingResult result_of(const ClaimedOrder& order);
    void warn_of_work(const ClaimedOrder& order);

    // Constant after construction.
    const SimulatedOptions options_;

    Mutex mutex_;
    std::condition_variable_any changed_;
    bool is_ending_ GUARDED_BY(mutex_) = false;
    Queue queue_ GUARDED_BY(mutex_);
    std::set<Kind> warned_of_ GUARDED_BY(mutex_);

    std::jthread thread_;  // last: it uses all of the above
};

}  // namespace orders
