#pragma once

// Deletes the orders that have been in one status for long enough, in rounds: each walks from the
// oldest order on to those that are too young, one bounded step per call. This is SQLite's way
// around an index on finished_at, which every settle would have to write.
//
// Looking holds up no writer. What a step finds it deletes in one transaction, which checks each
// order again, so several workers may walk at once.
//
// It never deletes the order that was submitted last, so that no order ever gets the sequence of an
// earlier one, to which an old lease may still exist.
//
// A walk is used by one thread, and keeps its place from call to call; an error leaves it there.

#include <chrono>
#include <optional>
#include <vector>

#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/write_access.h"
#include "shared/storage/worker_store.h"

namespace orders::sqlite {

class FinishedWalk {
   public:
    // How many rows one step passes, at most: a few milliseconds.
    static constexpr std::int64_t rows_per_step = 10'000;

    // How many orders one step deletes, at most. With random ids every order has a page of the id
    // index to itself, and the time in the turn is that of as many pages: about 5 ms in a store of
    // a million. Fewer would make the wait for the turn and the sync weigh more.
    static constexpr std::size_t deleted_per_step = 300;

    // `status` is Processed or Failed. The access must outlive this.
    FinishedWalk(WriteAccess& access, OrderStatus status);

    // As WorkerStore::sweep: there is more until the round ends.
    [[nodiscard]] Swept step(UtcTime now, std::chrono::milliseconds keep);

   private:
    struct Found {
        std::vector<OrderSequence> orders;         // ascending
        std::optional<OrderSequence> next_after;   // empty if nothing can follow in this round
        std::optional<OrderSequence> first_other;  // the first one passed that may match later
    };
    // The round goes no further than the first order that was submitted at or after
    // finished_before_: what came later has been finished later. (Unless the wall clock was wrong
    // when it was submitted: an order from after `now` ends no round.)
    [[nodiscard]] Found find(UtcTime now);
    [[nodiscard]] std::size_t erase(const std::vector<OrderSequence>& orders);
    void end_round();

    // Constant after construction.
    WriteAccess& access_;
    const OrderStatus status_;
    Statement oldest_first_;
    Statement long_finished_;
    Statement erase_;

    // Where every round begins: orders up to this one no longer matter. (For Failed orders always
    // before the first.)
    OrderSequence begin_;

    // The round that is under way.
    std::optional<UtcTime> finished_before_;  // empty between two
    OrderSequence after_;
    std::optional<OrderSequence> first_other_;
};

}  // namespace orders::sqlite
