#pragma once

// What a client or an operator may do to orders that stand, and to kinds (order_actions.h), inside
// a transaction. pulls.h does what workers that pull ask for.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shared/storage/order_actions.h"
#include "shared/storage/postgres/claims.h"
#include "shared/storage/postgres/kinds.h"
#include "shared/storage/postgres/order_rows.h"
#include "shared/storage/postgres/pulls.h"
#include "shared/storage/postgres/transaction.h"
#include "shared/storage/postgres/values.h"

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

    // What cancels or retries orders.
    struct Step {
        // Sends what does it to all of these that it fits; returns the numbers of those.
        void (*send)(Transaction& transaction, std::span<const OrderSequence> orders);
        PastAction::What what;
        const std::string& by;

        [[nodiscard]] bool is_cancel() const noexcept { return what == PastAction::What::cancel; }
    };
    [[nodiscard]] ActionOutcome act_on(const OrderId& order_id, const Step& step);
    // Keeps that it was done to these, if the client has a name.
    void note(const Array& orders, PastAction::What what, const std::string& by);
    void change(const OrderRow& found, const OrderChange& change);

    Transaction& transaction_;
    Kinds& kinds_;
    Pulls pulls_;
};

}  // namespace orders::postgres
