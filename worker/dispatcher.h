#pragma once

// The worker's one writer: brings orders from the store to the pool and results back. Each of its
// turns is one transaction that settles what has finished, gives back what was given up, renews the
// leases of what is held when that is due, and claims as many orders as there are free threads;
// never more, so that a High order that comes later still goes before every Normal one that waits.
//
// It takes a turn when an order has finished, when the store's watch says that there is work, when
// an order's time is up, and every now and then to look for work that nothing announced. In between
// it sleeps.
//
// If old orders are to be deleted (retention.h), it does a step of that whenever it has settled
// nothing for a few milliseconds. While it is busier than that, it does one each time it has
// settled two thirds as many orders as a step can delete: work comes first, and yet the store does
// not grow.
//
// When it is asked to stop, it claims nothing more, gives the work that is held at most
// `drain_limit` to finish, or less if it is told to hurry, then has it given up, and gives those
// orders back without charging the attempt.
//
// run() belongs to one thread, which alone uses the store, the pool and the watch meanwhile.

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "shared/log/log_pace.h"
#include "shared/os/steady_time.h"
#include "shared/os/wake_signal.h"
#include "shared/storage/store_error.h"
#include "shared/storage/work_watch.h"
#include "shared/storage/worker_store.h"
#include "worker/processing_pool.h"
#include "worker/retention.h"

namespace orders {

struct DispatcherOptions {
    WorkerDescription worker;
    std::string store = {};  // what it logs as the store that it works on
    // How long leases last. They are renewed with each heartbeat, of which there are three in the
    // longest_silence() that goes with it.
    std::chrono::milliseconds lease_time{10'000};
    int max_attempts = 5;
    std::chrono::milliseconds drain_limit{10'000};
    // Requested, it ends the drain before its limit. Notify `wake` afterwards, as after a stop.
    std::stop_token hurry = {};
    // How often to look for work that nothing announced, for leases that ran out, and for workers
    // that have died.
    std::chrono::milliseconds look_interval{250};
    // For how long nothing is taken back from others after a failure of the store, and after a time
    // in which this process stood still, perhaps with the whole machine: the others could not renew
    // their leases meanwhile either. Those who are known to have died wait as long.
    std::chrono::milliseconds renewal_grace{1'000};
    RetentionOptions retention = {};
    // Called once, by run(), when the store knows the worker.
    std::function<void()> on_enlisted = [] {};
};

class Dispatcher {
   public:
    // `wake` is the signal that the pool notifies, and that must be notified after a stop is
    // requested. Everything must outlive this.
    Dispatcher(WorkerStore& store, ProcessingPool& pool, WorkWatch& watch, WakeSignal& wake,
               DispatcherOptions options);

    // Returns once it has been asked to stop and holds nothing any more. Throws StoreError if only
    // a new process can help; a store that is busy or full is tried again.
    void run(const std::stop_token& stop);

   private:
    void enlist();
    void sleep_until_something_happens();
    void note_gap();
    void let_others_renew();
    void note_failure(const StoreError& error);
    void pause_after_error();
    void take_turn(const std::stop_token& stop);
    [[nodiscard]] SteadyTime next_sweep() const;
    void sweep();
    void retire();
    void drain(SteadyTime now);
    [[nodiscard]] bool is_finished() const;

    // Empty if there is nothing to do, which is what it mostly finds when it merely looks.
    [[nodiscard]] std::optional<WorkerTurn> plan_turn(SteadyTime now);
    void carry_out(const WorkerTurn& turn, SteadyTime now);
    [[nodiscard]] SteadyTime::duration heartbeat_interval() const;
    void note_settled(const std::vector<SettleOutcome>& outcomes);
    void drop_lost(const std::vector<Lease>& lost);

    // Constant after construction.
    WorkerStore& store_;
    ProcessingPool& pool_;
    WorkWatch& watch_;
    WakeSignal& wake_;
    const DispatcherOptions options_;

    // Only run()'s thread.
    std::optional<WorkerId> worker_;       // once enlisted
    std::vector<FinishedOrder> finished_;  // and not yet settled or released
    // The bell has rung, or a thread has come free; at first, work may wait from before the start.
    bool is_look_due_ = true;
    SteadyTime next_look_{};
    SteadyTime next_heartbeat_{};
    // By the clock that leases live by, which counts through a suspend: time since boot.
    std::chrono::nanoseconds last_turn_{0};
    std::chrono::nanoseconds take_back_from_{0};
    log::LogPace failures_;
    log::LogPace sweep_failures_;
    enum class Phase { working, draining, interrupted } phase_ = Phase::working;
    SteadyTime phase_ends_ = SteadyTime::max();
    Retention retention_;
    std::size_t settled_since_sweep_ = 0;
    SteadyTime quiet_from_{};  // unless more is settled before then
};

}  // namespace orders
