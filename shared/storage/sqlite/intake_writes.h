#pragma once

// What an intake writes, and what it reads to decide: its statements, prepared once per connection,
// and what one group does with them inside a WriteTransaction. action_writes.h does the actions.

#include <optional>

#include "shared/storage/intake_store.h"
#include "shared/storage/sqlite/action_writes.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/kinds.h"
#include "shared/storage/sqlite/order_content.h"
#include "shared/storage/sqlite/write_access.h"

namespace orders::sqlite {

class IntakeWrites {
   public:
    // The connection must outlive this, and its schema be up to date.
    explicit IntakeWrites(Connection& connection);

    // Exact inside a transaction, since no one else writes meanwhile.
    [[nodiscard]] StoreLevel level();

    // All of the group but the commit.
    [[nodiscard]] IntakeOutcomes carry_out(const IntakeGroup& group, WriteTransaction& work);
    // After the commit: what need not hold others up.
    void complete(IntakeOutcomes& outcomes) { actions_.read_payloads(outcomes.acted); }

   private:
    [[nodiscard]] SubmitOutcome create(const NewOrder& order, bool is_place_needed,
                                       WriteTransaction& work);
    [[nodiscard]] std::optional<IdTaken> look_up(const NewOrder& order);
    [[nodiscard]] bool are_places_needed();

    Connection& connection_;
    OrderContent content_;
    Kinds kinds_;
    ActionWrites actions_;
    Statement insert_;
    Statement standing_;
    Statement are_places_needed_;
    Statement pending_;
};

}  // namespace orders::sqlite
