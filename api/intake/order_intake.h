#pragma once

// Group commit: many requests, one fsync. Whoever has orders hands them over and goes on; the one
// writer thread takes all that wait, stores them in one transaction, and answers each request by
// its own outcome. While it commits, the next group gathers.
//
// Waiting is bounded. The writer takes a group only once it has its turn to write, so an order
// whose time is up before that is withdrawn, and it is certain that it is not stored; one that was
// taken waits for the commit. While the turn has been out of reach for longer than that, new orders
// are refused at once, so that a frozen writer elsewhere does not fill the memory here.
//
// submit() and probe() may be called from any thread. The store belongs to the writer thread from
// construction on.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

#include "api/intake/admission.h"
#include "api/intake/refusal.h"
#include "shared/domain/moment.h"
#include "shared/domain/order.h"
#include "shared/storage/order_store.h"
#include "shared/wake/doorbell.h"

namespace orders {

struct IntakeLimits {
    // How long an order may wait to be taken into a group.
    std::chrono::milliseconds max_wait{2'000};
    // Orders that may wait at one time; more are refused at once.
    std::size_t max_waiting_orders = 20'000;
    // Orders in one group: a group must stay a matter of milliseconds, because the workers wait for
    // their turn meanwhile. (One request is never split.)
    std::size_t max_group_orders = 1'000;
    AdmissionLimits admission = {};
};

// One outcome for each order, in the order given; or a refusal of them all.
using IntakeResult = std::variant<std::vector<SubmitOutcome>, Refusal>;

class OrderIntake {
   public:
    // `on_fatal` is called at most once, on the writer thread, when the store has failed in a way
    // that only a new process can mend; everything is refused from then on.
    OrderIntake(std::unique_ptr<OrderStore> store, Doorbell& doorbell, const Clock& clock,
                IntakeLimits limits, std::function<void()> on_fatal);
    // Ends the writer thread after its current group and refuses what still waits. No other thread
    // may be in submit() or probe() any more.
    ~OrderIntake();
    OrderIntake(const OrderIntake&) = delete;
    OrderIntake& operator=(const OrderIntake&) = delete;

    // Called exactly once, when the orders are on disk, or refused: by the calling thread where
    // they are refused at once, else by a thread of the intake, which the others wait for
    // meanwhile. It must not throw.
    using OnResult = std::function<void(IntakeResult)>;
    // `weight` is what the request counts for against the limits where that is more than its
    // orders: how many orders the caller keeps in memory for its answer.
    void submit(std::vector<NewOrder> orders, OnResult on_result, std::size_t weight = 1);

    // Tells whether the store takes writes now: commits an empty group to find out, unless one was
    // committed within the last second. Calls back as submit() does.
    void probe(std::function<void(bool is_writable)> on_result);

   private:
    struct Request {
        std::vector<NewOrder> orders;  // none: only a probe
        OnResult on_result;
        std::size_t weight = 1;
        std::chrono::steady_clock::time_point deadline;  // for being taken into a group
    };

    [[nodiscard]] std::optional<Refusal> enqueue(Request& request);
    [[nodiscard]] bool is_stuck(std::chrono::steady_clock::time_point now) const;

    // The writer thread's.
    void write_groups(const std::stop_token& stop);
    bool wait_for_work(const std::stop_token& stop);
    void write_one_group();
    std::vector<Request> take_group();
    void store_group(std::unique_ptr<OrderTransaction> work, const std::vector<Request>& group);
    // Empty where the request may be submitted.
    [[nodiscard]] std::optional<IntakeResult> answer_without_storing(const Request& request);
    void refuse_waiting(Refusal refusal);

    // The watch thread's.
    void watch_waiting(const std::stop_token& stop);
    std::vector<Request> take_overdue();

    // Constant after construction; the doorbell and the clock synchronise themselves.
    Doorbell& doorbell_;
    const Clock& clock_;
    const IntakeLimits limits_;
    const std::function<void()> on_fatal_;

    // Only the writer thread.
    std::unique_ptr<OrderStore> store_;
    OrderAdmission admission_;

    // Guarded by mutex_.
    std::mutex mutex_;
    std::condition_variable_any work_;
    std::condition_variable_any first_waits_;
    std::deque<Request> waiting_;  // the one that came first is due first
    std::size_t waiting_weight_ = 0;
    bool is_watched_ = false;  // the watch thread will look at what waits without being told again
    bool is_closed_ = false;   // stopping, or the store has failed: nothing is taken any more
    std::optional<std::chrono::steady_clock::time_point> turn_began_;  // while the writer has one
    std::chrono::steady_clock::time_point last_commit_;

    // Last: they use all of the above.
    std::jthread writer_;
    std::jthread watch_;  // withdraws what has waited for too long
};

}  // namespace orders
