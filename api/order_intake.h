#pragma once

// Group commit: many requests, one fsync. Request threads hand their orders over and wait; the one
// writer thread takes all that wait, stores them in one transaction, and answers each by its own
// outcome. While it commits, the next group gathers.
//
// Waiting is bounded. The writer takes a group only once it has its turn to write, so an order
// whose time is up before that is withdrawn, and it is certain that it is not stored; one that was
// taken waits for the commit. While the turn has been out of reach for longer than that, new orders
// are refused at once, so that a frozen writer elsewhere does not hold every request thread here.
//
// submit() and is_writable() may be called from any thread. The store belongs to the writer thread
// from construction on.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <variant>
#include <vector>

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
};

// Why orders could not be stored now.
enum class Refusal {
    overloaded,       // too many wait already, or the wait was too long: certainly not stored
    disk_full,        // certainly not stored
    stopping,         // the process is about to end: certainly not stored
    outcome_unknown,  // the disk failed during the commit, and the process is about to end
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
    // may be in submit() or is_writable() any more.
    ~OrderIntake();
    OrderIntake(const OrderIntake&) = delete;
    OrderIntake& operator=(const OrderIntake&) = delete;

    // Returns once the orders are on disk, or refused.
    [[nodiscard]] IntakeResult submit(std::span<const NewOrder> orders);

    // Whether the store takes writes now: commits an empty group to find out, unless one was
    // committed within the last second.
    [[nodiscard]] bool is_writable();

   private:
    struct Request;

    IntakeResult wait_for_answer(Request& request);
    [[nodiscard]] bool is_stuck(std::chrono::steady_clock::time_point now) const;

    // The writer thread's.
    void write_groups(const std::stop_token& stop);
    bool wait_for_work(const std::stop_token& stop);
    void write_one_group();
    std::vector<Request*> take_group();
    void store_group(OrderTransaction& work, const std::vector<Request*>& group);
    void refuse_waiting(Refusal refusal);

    // Constant after construction; the doorbell and the clock synchronise themselves.
    Doorbell& doorbell_;
    const Clock& clock_;
    const IntakeLimits limits_;
    const std::function<void()> on_fatal_;

    // Only the writer thread.
    std::unique_ptr<OrderStore> store_;

    // Guarded by mutex_.
    std::mutex mutex_;
    std::condition_variable_any work_;
    std::deque<Request*> waiting_;
    std::size_t waiting_orders_ = 0;
    bool is_closed_ = false;  // stopping, or the store has failed: nothing is taken any more
    std::optional<std::chrono::steady_clock::time_point> turn_began_;  // while the writer has one
    std::chrono::steady_clock::time_point last_commit_;

    std::jthread writer_;  // last: it uses all of the above
};

}  // namespace orders
