#pragma once

// What a client or an operator may do to orders that stand, and to kinds (order_actions.h), inside
// a transaction. pulls.h does what workers that pull ask for.

#include <optional>
#include <span>
#include <vector>

#include "shared/storage/order_actions.h"
#include "shared/storage/postgres/claims.h"
#include "shared/storage/postgres/kinds.h"
#include "shared/storage/postgres/order_rows.h"
#include "shared/storage/postgres/pulls.h"
#include "shared/storage/postgres/transaction.h"

namespace orders::postgres {

// Of one transaction.
class Actions {
   public:
    Actions(Transaction& transaction, Kinds& kinds, Claims& claims, Chance& chance)
        : transaction_(transaction), kinds_(kinds), pulls_(transaction, claims, chance) {}

    [[nodiscard]] ActionOutcome carry_out(const OrderAction& action);

   private:
    [[nodiscard]] ActionOutcome act(const CancelOrder& action);
    [[nodiscard]] ActionOutcome act(const RetryOrder& action);
    [[nodiscard]] ActionOutcome act(const ChangeOrder& action);
    [[nodiscard]] ActionOutcome act(const BulkAction& action);
    [[nodiscard]] ActionOutcome act(const PauseKind& action);
    [[nodiscard]] ActionOutcome act(const AwaitEnds& action);
    [[nodiscard]] ActionOutcome act(const AwaitChanges& action);
    template <typename OfPullers>
    [[nodiscard]] ActionOutcome act(const OfPullers& action) {
        return pulls_.act(action);
    }

    // Sends what does it to all of these that it fits; returns the numbers of those.
    using Send = void (*)(Transaction& transaction, std::span<const OrderSequence> orders);
    [[nodiscard]] ActionOutcome act_on(const OrderId& order_id, Send send);
    void change(const OrderRow& found, const OrderChange& change);

    Transaction& transaction_;
    Kinds& kinds_;
    Pulls pulls_;
};

}  // namespace orders::postgres
