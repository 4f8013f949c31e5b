#pragma once

// Deletes orders that have been finished for long enough, a few at a time, between the turns of the
// dispatcher, whose thread alone uses it.
//
// Each status has a walk of its own through the store: from the oldest order on to those that are
// too young, then again after a pause. Looking holds up no writer. What it finds is deleted in
// batches, one transaction each, so that other writers come in between; the store checks each order
// again, and several workers may sweep at once.
//
// The age is counted from `finished_at`, by the wall clock, where that can be believed: an order is
// deleted only when it is old enough by every setting that the clock has had, against the boot
// clock, for as long as orders of its status are kept. So a clock that is set ahead deletes nothing
// too early: what finished before has really aged for so long when the new setting is believed, and
// what finished after is judged by the clock that it was stamped with. Until then orders are kept
// for longer, which the log says once. That is so, too, where a worker starts before the machine
// knows the time, and NTP sets the clock later; a restart believes the clock at once.
//
// (A worker that starts with a clock that is ahead deletes too early.) A clock that is set back
// keeps orders for longer.
//
// Orders go, workers stay: what the store knows of each worker process that ever was is one short
// row, and to find those that no order names it would have to look at all orders.

#include <chrono>
#include <optional>
#include <vector>

#include "shared/domain/moment.h"
#include "shared/storage/order_store.h"
#include "worker/believed_clock.h"

namespace orders {

// How long orders are kept after they have finished; 0: for ever.
struct RetentionOptions {
    std::chrono::seconds keep_processed{0};
    std::chrono::seconds keep_failed{0};
};

class Retention {
   public:
    using SteadyTime = std::chrono::steady_clock::time_point;

    // Orders deleted in one transaction. With random ids every order has a page of the id index to
    // itself, and the time in the turn is that of so many pages: some 5 ms in a store of a million.
    // Fewer would make the wait for the turn and the sync weigh more.
    static constexpr std::size_t batch_size = 300;

    // Both must outlive this.
    Retention(OrderStore& store, const Clock& clock, const RetentionOptions& options);

    // When step() has something to do next; the largest time where nothing is ever deleted.
    [[nodiscard]] SteadyTime next_step() const noexcept;

    // Looks at a bounded number of orders, and deletes at most a batch. Throws StoreError; nothing
    // is lost by it, the step is done again after a pause.
    void step(SteadyTime now);

   private:
    struct Walk {
        OrderStatus status{};
        std::chrono::milliseconds keep{0};
        BelievedClock clock;
        bool has_warned = false;  // that the wall clock is not believed
        SteadyTime next_step = {};
        // Where every walk begins: all orders up to this one are of no interest any more.
        OrderSequence begin = {};

        // The walk that is under way.
        std::optional<UtcTime> finished_before = {};  // empty between two
        OrderSequence after = {};
        std::optional<OrderSequence> first_other = {};
        std::size_t deleted = 0;
        std::chrono::steady_clock::duration looked_in_vain = {};  // for so long
    };

    static UtcTime believed_time(Walk& walk, const Moment& now);
    [[nodiscard]] FinishedOrders look(Walk& walk, UtcTime now);
    void continue_walk(Walk& walk, SteadyTime now);
    void end_walk(Walk& walk, SteadyTime now);

    OrderStore& store_;
    const Clock& clock_;
    std::vector<Walk> walks_;  // of what is not kept for ever
};

}  // namespace orders
