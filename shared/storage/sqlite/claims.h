#pragma once

// Claims: which orders of the queue are handed out, in which order, and under which lease. What was
// to begin by a time that is past is not handed out, but Failed.
//
// Used by the thread of the connection, which must outlive this, and be up to date; so must the
// content and the ends.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "shared/storage/decisions/claim_rules.h"
#include "shared/storage/sqlite/attempt_ends.h"
#include "shared/storage/sqlite/clock.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/order_content.h"
#include "shared/storage/sqlite/queue_heads.h"
#include "shared/storage/sqlite/write_access.h"
#include "shared/storage/worker_store.h"

namespace orders::sqlite {

class Claims {
   public:
    // How many orders one claim finds to be too late, at most; then it returns what it has.
    static constexpr std::size_t most_expired = 1'000;

    Claims(Connection& connection, OrderContent& content, AttemptEnds& ends);

    struct Terms {
        WorkerId worker;
        std::chrono::milliseconds lease_time{0};
        // Whether the leases end with the orders' time at the latest, which is kept with them.
        bool end_with_timeout = false;
    };
    struct Claimed {
        std::vector<ClaimedOrder> orders;
        // Which of them lack their payload, by their index, ascending.
        std::vector<std::size_t> unread = {};
        std::size_t expired = 0;  // that were too late
        bool has_more = false;    // before the limit
        std::int64_t payload_bytes = 0;
    };
    // Inside a transaction: the orders without larger payloads, which payload_of() reads.
    [[nodiscard]] Claimed claim(const ClaimRequest& request, const Terms& terms, const Moment& now,
                                WriteTransaction& work);

    // Of an order that was claimed and lacks it: after the commit, so that nobody waits for it.
    // None if the order was cancelled and deleted meanwhile, or cannot be read now, which is
    // logged: it is not to be handed out then.
    [[nodiscard]] JsonText payload_of(const Lease& lease, const OrderId& order_id);

    // Whether claim() would find any to hand out, or to end as too late.
    [[nodiscard]] bool is_any_there(std::span<const ClaimShare> shares) {
        return heads_.is_any_there(shares);
    }

   private:
    // Of which priority the next one is; empty if there are no more.
    [[nodiscard]] std::optional<Priority> next_priority(std::chrono::seconds normal_max_wait,
                                                        UtcTime now);
    OrderContent& content_;
    AttemptEnds& ends_;
    QueueHeads heads_;
    Statement claim_;
    Statement lease_;
    PriorityTurns turns_;
};

}  // namespace orders::sqlite
