#pragma once

// What keeps the store in order, whoever has it open: orders whose worker has died or hangs are
// taken back, those whose time has come get their place in the queue, those that did not begin in
// time are Failed, and old ones are deleted. It also takes the samples that plots are made of.
// Both programs run it, so it goes on as long as either does.
//
// It has no thread: its owner calls step() when next_step() says, and may do other work on the same
// thread. Deleting gives way to that work, of which note_settled() tells: it is done when nothing
// was settled for a few milliseconds, or, while it is busier than that, a step for each two thirds
// as many orders as a step can delete: work comes first, and yet the store does not grow.
//
// Ages are counted by the wall clock: if that is set ahead, orders are deleted too early; if it is
// set back, they are kept for longer. The workers that deleted orders name are forgotten in time,
// too.
//
// Belongs to one thread.

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

#include "shared/housekeeping/retention.h"
#include "shared/log/log_pace.h"
#include "shared/os/steady_time.h"
#include "shared/storage/housekeeping_store.h"
#include "shared/storage/store_error.h"

namespace orders {

struct HousekeepingOptions {
    RetentionOptions retention = {};
    // How often to look for what nothing announces.
    std::chrono::milliseconds look_interval{250};
    // For how long nothing is taken back once the store takes writes again after a failure, and
    // after a time in which this process stood still, perhaps with the whole machine: the workers
    // could not renew their leases meanwhile. Orders of those who are known to have died wait as
    // long.
    std::chrono::milliseconds renewal_grace{1'000};
    // Called before anything is taken back, for an owner that holds leases itself: after a suspend,
    // through which only the leases' clock runs, they may have run out too.
    std::function<void()> renew_own = [] {};
    // Called with each look, and once more for the last time, to tell what this process has
    // measured and not told yet by a call of HousekeepingStore::add_figures(), or none.
    using AddFigures = std::function<void(const std::string&)>;
    std::function<void(bool is_last, const AddFigures&)> tell_figures = [](bool,
                                                                           const AddFigures&) {};
};

class Housekeeping {
   public:
    // The store must outlive this.
    Housekeeping(HousekeepingStore& store, HousekeepingOptions options);

    // When step() has something to do next, at the latest.
    [[nodiscard]] SteadyTime next_step() const noexcept;

    // Does what is due, a bounded part of it: a few milliseconds. Throws StoreError only if a new
    // process is needed; what else fails is logged, and tried again after a pause.
    void step(SteadyTime now);
    // Instead of further steps. What cannot be told any more is lost. Throws as step() does.
    void end();

    // So many orders have been settled on this thread just now.
    void note_settled(std::size_t orders);
    // The store could not be written: see renewal_grace.
    void note_failure();

   private:
    void look(SteadyTime now);
    void carry_out(const HousekeepingTurn& turn, SteadyTime now);
    void take_sample(SteadyTime now);
    void tell_figures(bool is_last);
    [[nodiscard]] SteadyTime next_sweep() const noexcept;
    void sweep(SteadyTime now);
    void note_gap();
    void prove_writable();
    void give_time_to_renew();

    // Constant after construction.
    HousekeepingStore& store_;
    const HousekeepingOptions options_;

    Retention retention_;
    SteadyTime next_look_{};
    SteadyTime next_sample_{};  // not before then
    std::size_t settled_since_sweep_ = 0;
    SteadyTime quiet_from_{};  // unless more is settled before then
    // By the clock that leases live by, which counts through a suspend: time since boot.
    std::chrono::nanoseconds last_look_;
    std::chrono::nanoseconds take_back_from_{0};
    bool has_failed_ = false;  // and has not taken a write since then
    log::LogPace failures_;
    log::LogPace sample_failures_;
    log::LogPace sweep_failures_;
};

// So many orders have Failed with `expired`; claims find some, too (WorkerOutcomes).
void log_expired(std::size_t orders);

}  // namespace orders
