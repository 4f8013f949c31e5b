#pragma once

// What a client or an operator may do to orders that stand, and to kinds (order_actions.h): its
// statements, prepared once per connection, and what each action does inside a WriteTransaction.
// pull_writes.h does what workers that pull ask for.
//
// Used by the thread of the connection, which must outlive this, and be up to date; so must the
// content and the kinds.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/storage/order_actions.h"
#include "shared/storage/sqlite/attempt_ends.h"
#include "shared/storage/sqlite/change_keeping.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/kinds.h"
#include "shared/storage/sqlite/order_content.h"
#include "shared/storage/sqlite/order_rows.h"
#include "shared/storage/sqlite/pull_writes.h"
#include "shared/storage/sqlite/write_access.h"

namespace orders::sqlite {

class ActionWrites {
   public:
    ActionWrites(Connection& connection, OrderContent& content, Kinds& kinds);

    // At the beginning of each transaction.
    void begin() {
        ends_.begin();
        pulls_.begin();
    }
    [[nodiscard]] ActionOutcome carry_out(const OrderAction& action, WriteTransaction& work);
    // As PullWrites::read_payloads().
    void read_payloads(std::vector<ActionOutcome>& outcomes) { pulls_.read_payloads(outcomes); }

   private:
    [[nodiscard]] ActionOutcome act(const CancelOrder& action, WriteTransaction& work);
    [[nodiscard]] ActionOutcome act(const RetryOrder& action, WriteTransaction& work);
    [[nodiscard]] ActionOutcome act(const ChangeOrder& action, WriteTransaction& work);
    [[nodiscard]] ActionOutcome act(const BulkAction& action, WriteTransaction& work);
    [[nodiscard]] ActionOutcome act(const PauseKind& action, WriteTransaction& work);
    [[nodiscard]] ActionOutcome act(const AwaitEnds& action, WriteTransaction& work);
    [[nodiscard]] ActionOutcome act(const AwaitChanges& action, WriteTransaction& work);
    template <typename OfPullers>
    [[nodiscard]] ActionOutcome act(const OfPullers& action, WriteTransaction& work) {
        return pulls_.act(action, work);
    }

    // What cancels or retries one order. Whether it was done; if not, its status does not allow it.
    struct Step {
        bool (ActionWrites::*change)(OrderSequence order, WriteTransaction& work);
        PastAction::What what;
        const std::string& by;
    };
    [[nodiscard]] bool take(const Step& step, OrderSequence order, WriteTransaction& work);
    [[nodiscard]] ActionOutcome act_on(const OrderId& order_id, const Step& step,
                                       WriteTransaction& work);
    // Keeps that it was done, if the client has a name.
    void note(OrderSequence order, PastAction::What what, const std::string& by,
              WriteTransaction& work);
    [[nodiscard]] bool cancel(OrderSequence order, WriteTransaction& work);
    [[nodiscard]] bool retry(OrderSequence order, WriteTransaction& work);
    // An order that is Pending, and a change that fits it.
    void change(OrderSequence sequence, const Order& order, const OrderChange& change,
                WriteTransaction& work);

    OrderContent& content_;
    Kinds& kinds_;
    OrderRows rows_;
    AttemptEnds ends_;
    PullWrites pulls_;
    Statement ended_;
    Statement begin_round_;
    Statement change_;
    Statement await_ends_;
    ChangeKeeping changes_;
};

}  // namespace orders::sqlite
