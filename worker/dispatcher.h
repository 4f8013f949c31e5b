#pragma once

// The worker's one writer: brings orders from the store to the processors and results back. Each of
// its turns is one transaction that settles what has finished, gives back what was given up, renews
// the leases of what is held when that is due, and claims as many orders as the processors would
// begin at once; never more, so that a High order that comes later still goes before every Normal
// one that waits. Of each it does a thousand in one turn, and the rest in the next ones, so that no
// turn holds the other writers up for long.
//
// It takes a turn when an order has finished, when the store's watch says that there is work, when
// an order's time is up, and every now and then to look for work that nothing announced. In between
// it sleeps.
//
// Between its turns it does the housekeeping (shared/housekeeping), until it is asked to stop.
//
// If an order that it holds is cancelled, it learns that from the store's end watch, and has the
// processing told to stop.
//
// When it is asked to stop, it claims nothing more, gives the work that is held at most
// `drain_limit` to finish, or less if it is told to hurry, then has it given up, and gives those
// orders back without charging the attempt.
//
// run() belongs to one thread, which alone uses the store, the orders in work and the watch
// meanwhile.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "shared/housekeeping/housekeeping.h"
#include "shared/log/log_pace.h"
#include "shared/metrics/work_figures.h"
#include "shared/os/steady_time.h"
#include "shared/os/wake_signal.h"
#include "shared/storage/store_error.h"
#include "shared/storage/work_watch.h"
#include "shared/storage/worker_store.h"
#include "worker/orders_in_work.h"

namespace orders {

// What it works with; all of it must outlive the dispatcher.
struct DispatcherParts {
    WorkerStore& store;
    HousekeepingStore& housekeeping;
    WorkWatch& work_watch;
    WorkWatch& end_watch;
    OrdersInWork& in_work;
    // Which is notified when orders have ended or capacity has grown, and which must be notified
    // after a stop is requested.
    WakeSignal& wake;
};

struct DispatcherOptions {
    WorkerDescription worker;
    std::string store = {};  // what it logs as the store that it works on
    // How long leases last. They are renewed with each heartbeat, of which there are three in the
    // longest_silence() that goes with it.
    std::chrono::milliseconds lease_time{10'000};
    // How claims go; which orders, and how many, is the processors' to say.
    std::chrono::seconds normal_max_wait{0};
    // While the orders in work have so much payload, none is claimed; so there is never more than
    // this and one payload in memory.
    std::size_t max_payload_bytes = std::size_t{64} * 1024 * 1024;
    std::chrono::milliseconds drain_limit{10'000};
    // Requested, it ends the drain before its limit. Notify `wake` afterwards, as after a stop.
    std::stop_token hurry = {};
    // How often to look for work that nothing announced, and for cancelled orders. While the watch
    // for work cannot ring it is 250 ms at most.
    std::chrono::milliseconds look_interval{250};
    // What it measures of its work; and, asked with each heartbeat, all that the process has
    // measured, as the store takes it (WorkerTurn::figures).
    std::shared_ptr<WorkFigures> figures = std::make_shared<WorkFigures>();
    std::function<std::string()> figures_so_far = [] { return std::string(); };
    HousekeepingOptions housekeeping = {};  // renew_own is the dispatcher's to say
    // Called once, by run(), when the store knows the worker.
    std::function<void()> on_enlisted = [] {};
    // Called by run() before each turn: at least once in a look interval, unless a turn is stuck.
    std::function<void()> on_turn = [] {};
};

class Dispatcher {
   public:
    Dispatcher(const DispatcherParts& parts, DispatcherOptions options);

    // Returns once it has been asked to stop and holds nothing any more. Throws StoreError if only
    // a new process can help; a store that is busy or full is tried again.
    void run(const std::stop_token& stop);

   private:
    void enlist();
    void sleep_until_something_happens();
    void note_failure(const StoreError& error);
    void pause_after_error();
    void take_turn(const std::stop_token& stop);
    void keep_house();
    void retire();
    void drain(SteadyTime now);
    [[nodiscard]] bool is_finished() const;

    void look(SteadyTime now);
    // What it may claim now: nothing once it stops, or while there is too much payload in work.
    [[nodiscard]] ClaimRequest next_claim() const;
    void look_for_cancelled(SteadyTime now);
    // Empty if there is nothing to do, which is what it mostly finds when it merely looks.
    [[nodiscard]] std::optional<WorkerTurn> plan_turn(SteadyTime now);
    void carry_out(const WorkerTurn& turn, SteadyTime now);
    [[nodiscard]] bool has_breaker_changed() const;
    void plan_heartbeat(WorkerTurn& turn) const;
    void note_heartbeat(const WorkerTurn& turn, SteadyTime now);
    void renew_now();
    [[nodiscard]] SteadyTime::duration heartbeat_interval() const;
    void note_settled(const WorkerTurn& turn, const std::vector<SettleOutcome>& outcomes);
    void drop_lost(const std::vector<Lease>& lost);

    // Constant after construction.
    WorkerStore& store_;
    OrdersInWork& in_work_;
    WorkWatch& work_watch_;
    WorkWatch& end_watch_;
    WakeSignal& wake_;
    const DispatcherOptions options_;

    // Only run()'s thread.
    Housekeeping housekeeping_;
    std::optional<WorkerId> worker_;       // once enlisted
    std::vector<FinishedOrder> finished_;  // and not yet settled or released
    // A bell has rung, or capacity has come free; at first, work may wait from before the start.
    bool is_look_due_ = true;
    bool has_claimable_ = false;     // by the last look
    std::int64_t cancel_count_ = 0;  // by the last look
    SteadyTime next_look_{};
    SteadyTime next_heartbeat_{};
    std::vector<EndpointState> told_endpoints_;  // by the last heartbeat
    // How far the leases are renewed that the heartbeat under way is to renew.
    std::optional<Lease> renewed_up_to_;
    log::LogPace failures_;
    enum class Phase { working, draining, interrupted } phase_ = Phase::working;
    SteadyTime phase_ends_ = SteadyTime::max();
};

}  // namespace orders
