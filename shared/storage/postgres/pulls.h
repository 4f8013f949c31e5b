#pragma once

// What workers that pull orders ask for (lease_actions.h), inside a transaction.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "shared/storage/order_actions.h"
#include "shared/storage/postgres/claims.h"
#include "shared/storage/postgres/settlements.h"
#include "shared/storage/postgres/transaction.h"

namespace orders::postgres {

// Of one transaction: its claims hand out no more orders and payload together than one may.
class Pulls {
   public:
    Pulls(Transaction& transaction, Claims& claims, Chance& chance);

    [[nodiscard]] ActionOutcome act(const PullOrders& action);
    [[nodiscard]] ActionOutcome act(const LeaseActions& action);
    [[nodiscard]] ActionOutcome act(const NotePullers& action);

   private:
    struct Held {
        WorkerId worker;
        UtcTime deadline;
        UtcTime started_at;
        Kind kind;
    };
    [[nodiscard]] bool is_known_empty(const ClaimRequest& claim) const;
    [[nodiscard]] bool is_any_there(const ClaimRequest& claim);
    // A sign of life; empty if there is no room for another name.
    [[nodiscard]] std::optional<WorkerId> note(const std::string& name,
                                               const std::vector<KindLimit>& kinds,
                                               std::size_t orders);
    [[nodiscard]] std::optional<Held> find_held(const Lease& lease);
    [[nodiscard]] LeaseOutcome act_on(const LeaseAction& action);
    void settle(const Settlement& settlement);
    [[nodiscard]] LeaseOutcome renew(const Lease& lease, const Held& held, RenewLease how);
    [[nodiscard]] LeaseOutcome not_held(const LeaseAction& action);
    // As in a list, with its result.
    [[nodiscard]] std::optional<Order> order_of(OrderSequence order);

    Transaction& transaction_;
    Claims& claims_;
    Chance& chance_;
    std::size_t orders_left_;
    std::int64_t payload_left_ = ClaimRequest::most_payload_bytes;
    std::vector<const ClaimRequest*> found_nothing_;
};

}  // namespace orders::postgres
