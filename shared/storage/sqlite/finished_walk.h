#pragma once

// Deletes the orders that have been in one status for long enough, in rounds: each walks from the
// oldest order on to those that are too young, one bounded step per call. This is SQLite's way
// around an index on finished_at, which every settle would have to write.
//
// Looking holds up no writer. What a step finds it deletes in one transaction, which checks each
// order again, so several workers may walk at once.
//
// It never deletes the order that was submitted last, so that no order ever gets the sequence of an
// earlier one, to which an old lease may still exist. What an order carried goes with it.
//
// A walk is used by one thread, and keeps its place from call to call; an error leaves it there.

#include <chrono>
#include <optional>
#include <vector>

#include "shared/storage/housekeeping_store.h"
#include "shared/storage/sqlite/columns.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/order_content.h"
#include "shared/storage/sqlite/write_access.h"

namespace orders::sqlite {

class FinishedWalk {
   public:
    // How many rows one step passes, at most: a few milliseconds.
    static constexpr std::int64_t rows_per_step = 10'000;

    // How many orders one step deletes, at most. With random ids every order has a page of the id
    // index to itself, and the time in the turn is that of as many pages: about 5 ms in a store of
    // a million, 16 ms if each has a payload of 64 KiB. Fewer would make the wait for the turn and
    // the sync weigh more.
    static constexpr std::size_t deleted_per_step = 300;

    // One round in so many passes all orders again, however sure it is that they never match.
    static constexpr int whole_round = 16;

    // `status` is an end. The access must outlive this.
    FinishedWalk(WriteAccess& access, StoredStatus status);

    // As HousekeepingStore::sweep: there is more until the round ends.
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
    const StoredStatus status_;
    OrderContent content_;
    Statement oldest_first_;
    Statement long_finished_;
    Statement erase_;

    // Where every round begins: orders up to this one no longer matter. (For orders that did not
    // succeed, always before the first.)
    OrderSequence begin_;
    int rounds_ = 0;

    // The round that is under way.
    std::optional<UtcTime> finished_before_;  // empty between two
    OrderSequence after_;
    std::optional<OrderSequence> first_other_;
};

// Deletes orders that have ended, the oldest first, while the store takes up more than it may: a
// bounded number with each step. Used by one thread, and keeps its place from step to step.
class SizeWalk {
   public:
    // The access must outlive this.
    explicit SizeWalk(WriteAccess& access);

    // As HousekeepingStore::sweep_beyond.
    [[nodiscard]] Swept step(std::int64_t max_bytes);

   private:
    [[nodiscard]] std::int64_t bytes_in_use();
    // Ascending; goes on behind them the next time.
    [[nodiscard]] std::vector<OrderSequence> next_ended();
    // Of these, as many as make up for the surplus, in bytes. Returns how many.
    [[nodiscard]] std::size_t erase(const std::vector<OrderSequence>& orders, std::int64_t surplus,
                                    WriteTransaction& work);

    // Constant after construction.
    WriteAccess& access_;
    OrderContent content_;
    Statement bytes_;
    Statement oldest_first_;
    Statement ended_;
    Statement erase_;

    OrderSequence after_;
};

}  // namespace orders::sqlite
