#pragma once

// What workers that pull orders ask of the store (lease_actions.h): its statements, prepared once
// per connection, and what each action does inside a WriteTransaction.
//
// Used by the thread of the connection, which must outlive this, and be up to date; so must the
// content, the rows and the ends.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/storage/lease_actions.h"
#include "shared/storage/order_actions.h"
#include "shared/storage/sqlite/attempt_ends.h"
#include "shared/storage/sqlite/claims.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/order_content.h"
#include "shared/storage/sqlite/order_rows.h"
#include "shared/storage/sqlite/pullers.h"
#include "shared/storage/sqlite/write_access.h"

namespace orders::sqlite {

class PullWrites {
   public:
    PullWrites(Connection& connection, OrderContent& content, OrderRows& rows, AttemptEnds& ends);

    // At the beginning of each transaction.
    void begin();

    [[nodiscard]] ActionOutcome act(const PullOrders& action, WriteTransaction& work);
    [[nodiscard]] ActionOutcome act(const LeaseActions& action, WriteTransaction& work);
    [[nodiscard]] ActionOutcome act(const NotePullers& action, WriteTransaction& work);

    // After the commit, with what the transaction's actions have come to, in order: adds the
    // payloads that are still to be read. An order without the one that it had is left out.
    void read_payloads(std::vector<ActionOutcome>& outcomes);

   private:
    // A lease that a worker which pulls holds now.
    struct Held {
        WorkerId worker;
        std::chrono::milliseconds deadline{0};  // by the store's clock
        UtcTime started_at = {};
        std::string kind = {};
    };
    [[nodiscard]] std::optional<Held> find_held(const Lease& lease);
    [[nodiscard]] LeaseOutcome act_on(const LeaseAction& action, WriteTransaction& work);
    [[nodiscard]] LeaseOutcome renew(const Lease& lease, const Held& held, RenewLease how,
                                     WriteTransaction& work);
    [[nodiscard]] LeaseOutcome not_held(const LeaseAction& action);
    [[nodiscard]] bool was_done_before(const LeaseAction& action);
    // None if it cannot be read.
    [[nodiscard]] JsonText payload_of(const PulledOrder& order);
    // Whether an earlier claim of this transaction has found nothing for the same shares.
    [[nodiscard]] bool is_known_empty(const ClaimRequest& claim) const;

    OrderContent& content_;
    OrderRows& rows_;
    AttemptEnds& ends_;
    Claims claims_;
    Pullers pullers_;
    Statement held_;
    Statement renew_;
    Statement standing_;
    Statement past_;

    // Of the transaction.
    std::size_t orders_left_ = 0;    // that its claims may still return
    std::int64_t payload_left_ = 0;  // and payload
    std::vector<const ClaimRequest*> found_nothing_;
    std::vector<std::vector<std::size_t>> unread_;  // of each claim; see Claims::Claimed
};

}  // namespace orders::sqlite
