#pragma once

// What an intake writes, and what it reads to decide: its statements, prepared once per connection,
// and what one group does with them inside a WriteTransaction.

#include "shared/storage/intake_store.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/write_access.h"

namespace orders::sqlite {

class IntakeWrites {
   public:
    // The connection must outlive this, and its schema be up to date.
    explicit IntakeWrites(Connection& connection);

    // Exact inside a transaction, since no one else writes meanwhile.
    [[nodiscard]] StoreLevel level();

    // All of the group but the commit.
    [[nodiscard]] IntakeOutcomes carry_out(const IntakeGroup& group, UtcTime now,
                                           WriteTransaction& work);

   private:
    [[nodiscard]] SubmitOutcome create(const NewOrder& order, UtcTime now, WriteTransaction& work);
    [[nodiscard]] std::optional<IdTaken> look_up(const OrderId& order_id);

    Connection& connection_;
    Statement insert_;
    Statement standing_status_;
    Statement probe_;
    Statement pending_;
};

}  // namespace orders::sqlite
