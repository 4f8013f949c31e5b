#pragma once

// What housekeeping looks at and writes: its statements, prepared once per connection, and what one
// turn does with them inside a WriteTransaction. finished_walk.h deletes.

#include <optional>
#include <string>
#include <vector>

#include "shared/storage/housekeeping_store.h"
#include "shared/storage/sqlite/attempt_ends.h"
#include "shared/storage/sqlite/clock.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/order_content.h"
#include "shared/storage/sqlite/sign_offs.h"
#include "shared/storage/sqlite/signs_of_life.h"
#include "shared/storage/sqlite/write_access.h"

namespace orders::sqlite {

class HousekeepingWrites {
   public:
    // The connection must outlive this, and its schema be up to date.
    explicit HousekeepingWrites(Connection& connection);

    [[nodiscard]] Chores look(const Moment& now);
    // All of the turn but the commit.
    [[nodiscard]] HousekeepingOutcomes take_turn(const HousekeepingTurn& turn,
                                                 WriteTransaction& work);

    // Inside a transaction.
    void add_figures(const std::string& figures) { add_figures_.run(figures); }

   private:
    [[nodiscard]] bool has_expired_leases(const Moment& now);
    [[nodiscard]] std::vector<ExpiredOrder> take_back(std::size_t limit, const Moment& now,
                                                      WriteTransaction& work);
    // Those that are found, which are rows of held_by_ or expired_.
    void take_back_found(Cursor found, UtcTime now, WriteTransaction& work,
                         std::vector<ExpiredOrder>& orders);
    [[nodiscard]] std::size_t promote(std::size_t limit, UtcTime now, WriteTransaction& work);
    [[nodiscard]] std::size_t expire(std::size_t limit, UtcTime now, WriteTransaction& work);

    OrderContent content_;
    AttemptEnds ends_;
    SignOffs sign_offs_;
    Statement held_by_;
    Statement expired_;
    Statement has_leases_;
    Statement has_expired_;
    Statement next_due_;
    Statement next_overdue_;
    Statement due_;
    Statement promote_;
    Statement overdue_;
    Statement add_figures_;
    SignsOfLife signs_;
};

}  // namespace orders::sqlite
