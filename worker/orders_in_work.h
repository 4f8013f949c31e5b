#pragma once

// Keeps the books of claimed orders while processors do their work, and their deadlines: when an
// order's time is up, its processing is told to stop and the order counts as timed out (Failed,
// unless its processor says otherwise) from that moment, whether or not the processing has ended.
// Until it has, it takes its part of the processor's capacity; its late result is dropped.
//
// The functions are for one thread, the dispatcher's. It learns through the wake signal that
// something has ended, and watches next_deadline() itself. What each costs grows at most with the
// logarithm of the number of orders in work, and with the number of those that it returns.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <utility>
#include <vector>

#include "shared/domain/claim.h"
#include "shared/os/mutex.h"
#include "shared/os/steady_time.h"
#include "shared/os/wake_signal.h"
#include "worker/processors/processors_by_kind.h"

namespace orders {

struct FinishedOrder {
    ClaimedOrder order;
    // Empty if the processing was told to stop and gave up: the order is to be released.
    std::optional<ProcessingResult> result;
    SteadyTime began = {};  // when it was started
};

class OrdersInWork {
   public:
    // An order's time (AttemptLimits::timeout) runs from its start(), and is up when `margin` has
    // passed, too: work that takes exactly that long is in time, though its thread wakes a little
    // later. `on_ended` is notified when orders have ended by themselves: once for all until they
    // are taken, so that those that end together come back together.
    OrdersInWork(ProcessorsByKind& processors, std::chrono::milliseconds margin,
                 WakeSignal& on_ended);
    // Tells everything to stop and waits for its end.
    ~OrdersInWork();
    OrdersInWork(const OrdersInWork&) = delete;
    OrdersInWork& operator=(const OrdersInWork&) = delete;

    // What the processors would begin now.
    [[nodiscard]] std::vector<ClaimShare> free_capacity() const;
    // What the processors send orders to.
    [[nodiscard]] std::vector<EndpointState> endpoints() const { return processors_.endpoints(); }
    // How many orders there can be in work at a time.
    [[nodiscard]] std::size_t capacity() const noexcept { return processors_.capacity(); }

    // At most what free_capacity() allows.
    void start(std::vector<ClaimedOrder> orders);

    // What has ended since the last call, orders whose deadline has passed among them.
    [[nodiscard]] std::vector<FinishedOrder> take_finished(SteadyTime now);

    // Orders whose time is up and whose processing goes on long after it was told to stop: each is
    // returned once. They take capacity for as long as that lasts.
    [[nodiscard]] std::vector<ClaimedOrder> take_stuck(SteadyTime now);

    // When the next order's time is up; empty while none is being processed.
    [[nodiscard]] std::optional<SteadyTime> next_deadline() const;

    // How many orders are held: those that were started and not yet taken as finished.
    [[nodiscard]] std::size_t held() const;
    // The leases of those held, from the first after the given one on (Lease{} is before all).
    [[nodiscard]] std::vector<Lease> held_after(const Lease& lease, std::size_t limit) const;

    // What the payloads of all orders take up whose processing has not ended.
    [[nodiscard]] std::size_t payload_bytes() const;

    // Drops the order: its processing is told to stop and its result no longer matters.
    // Returns it; empty if it is not held.
    std::optional<ClaimedOrder> abandon(const Lease& lease);

    // Drops all that is held, and returns it as given up.
    [[nodiscard]] std::vector<FinishedOrder> abandon_all();

    // Tells all processing to stop. Orders that finish nevertheless are reported as finished.
    void interrupt();

   private:
    struct Job;
    using Jobs = std::list<Job>;
    using ByDeadline = std::set<std::pair<SteadyTime, Job*>>;

    void start(Job& job);
    void end(Job& job, std::optional<ProcessingResult> result);
    // The order is held no more, though its processing goes on.
    void drop(Job& job) REQUIRES(mutex_);

    // Constant after construction.
    ProcessorsByKind& processors_;
    const std::chrono::milliseconds margin_;
    WakeSignal& on_ended_;

    mutable Mutex mutex_;
    std::condition_variable_any all_ended_;
    Jobs running_ GUARDED_BY(mutex_);  // those that were dropped among them
    Jobs ended_ GUARDED_BY(mutex_);    // and not yet taken
    std::map<Lease, Jobs::iterator> held_ GUARDED_BY(mutex_);
    // Those of running_ that are held, and those that were dropped and not yet called stuck.
    ByDeadline deadlines_ GUARDED_BY(mutex_);
    ByDeadline dropped_ GUARDED_BY(mutex_);
    std::size_t payload_bytes_ GUARDED_BY(mutex_) = 0;  // of running_
    bool is_announced_ GUARDED_BY(mutex_) = false;
};

}  // namespace orders
