#pragma once

// Deletes the orders that have been in one status for long enough, in rounds: each walks from the
// oldest order on to those that are too young, one bounded step per call. There is no index on
// finished_at, which every settle would have to write.
//
// What a step finds it deletes in one transaction, which checks each order again, so several
// processes may walk at once. What an order carried goes with it.
//
// A walk is used by one thread, and keeps its place from call to call; an error leaves it there.

#include <chrono>
#include <optional>
#include <vector>

#include "shared/domain/claim.h"
#include "shared/storage/housekeeping_store.h"
#include "shared/storage/postgres/transaction.h"

namespace orders::postgres {

class FinishedWalk {
   public:
    // `status` is an end. The writer must outlive this.
    FinishedWalk(Writer& writer, OrderStatus status) : writer_(writer), status_(status) {}

    // As HousekeepingStore::sweep: there is more until the round ends.
    [[nodiscard]] Swept step(std::chrono::milliseconds keep);

   private:
    struct Found {
        std::vector<OrderSequence> orders;         // ascending
        std::optional<OrderSequence> next_after;   // empty if nothing can follow in this round
        std::optional<OrderSequence> first_other;  // the first one passed that may match later
        std::size_t seen = 0;
    };
    // The round goes no further than the first order that was submitted at or after
    // finished_before_: what came later has been finished later. (Unless the wall clock was wrong
    // when it was submitted: an order from after `now` ends no round.)
    [[nodiscard]] Found find(std::chrono::milliseconds keep);
    // Passes the rows; whether the step is over.
    [[nodiscard]] bool pass(const Rows& rows, Found& found) const;
    [[nodiscard]] std::size_t erase(const std::vector<OrderSequence>& orders);
    void end_round();

    Writer& writer_;
    const OrderStatus status_;
    // Where every round begins: orders up to this one no longer matter. (For orders that did not
    // succeed, always before the first.)
    OrderSequence begin_;
    int rounds_ = 0;

    // The round that is under way.
    std::optional<UtcTime> finished_before_;  // empty between two
    OrderSequence after_;
    std::optional<OrderSequence> first_other_;
};

// Deletes orders that have ended, the oldest first, while the store takes up more than it may.
class SizeWalk {
   public:
    // The writer must outlive this.
    explicit SizeWalk(Writer& writer) : writer_(writer) {}

    // As HousekeepingStore::sweep_beyond.
    [[nodiscard]] Swept step(std::int64_t max_bytes);

   private:
    [[nodiscard]] Swept step(Transaction& transaction, std::int64_t max_bytes);

    Writer& writer_;
    OrderSequence after_;
};

}  // namespace orders::postgres
