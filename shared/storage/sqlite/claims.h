#pragma once

// Claims: which orders of the queue are handed out, in which order, and under which lease. What was
// to begin by a time that is past is not handed out, but Failed.
//
// Used by the thread of the connection, which must outlive this, and be up to date; so must the
// content and the ends.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

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

    struct Claimed {
        std::vector<ClaimedOrder> orders;
        std::size_t expired = 0;  // that were too late
        bool has_more = false;    // before the limit
    };
    // Inside a transaction: the orders without larger payloads, which read_payloads() adds.
    [[nodiscard]] Claimed claim(const WorkerTurn& turn, const Moment& now, WriteTransaction& work);

    // After the commit of the claim that returned these, so that nobody waits for it. An order that
    // was cancelled and deleted meanwhile is left out, and so is one that cannot be read now.
    void read_payloads(std::vector<ClaimedOrder>& claimed);

    // Whether claim() would find any to hand out, or to end as too late.
    [[nodiscard]] bool is_any_there(std::span<const ClaimShare> shares) {
        return heads_.is_any_there(shares);
    }

   private:
    // Of which priority the next one is; empty if there are no more.
    [[nodiscard]] std::optional<Priority> next_priority(std::chrono::seconds normal_max_wait,
                                                        UtcTime now);
    void note_handed_out(Priority priority) noexcept;
    // None if it is gone, or cannot be read now.
    [[nodiscard]] JsonText payload_of(const ClaimedOrder& order);

    OrderContent& content_;
    AttemptEnds& ends_;
    QueueHeads heads_;
    Statement claim_;
    Statement lease_;
    // How many High orders were handed out since the last Normal one, as far as it matters.
    int high_in_a_row_ = 0;
    // Which orders of the last claim lack their payload, by their index, ascending.
    std::vector<std::size_t> with_payload_;
};

}  // namespace orders::sqlite
