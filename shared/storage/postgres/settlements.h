#pragma once

// Ends attempts, and orders: the statements for whoever settles an order, gives it back, takes it
// back, cancels it or lets it expire. The order moves on, its lease goes, result, detail and
// history are written, the counters change, and bells ring, all by one statement, which checks the
// lease's token.
//
// All of them are sent within a transaction (transaction.h), and lock an order's place (queue,
// waiting, leases) before the order.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "shared/domain/claim.h"
#include "shared/storage/decisions/retry_wait.h"
#include "shared/storage/postgres/transaction.h"
#include "shared/storage/worker_store.h"

namespace orders::postgres {

// Changes what nobody reads: it proves that the server takes writes.
#define PG_PROBE "UPDATE orders.write_probe SET at = orders.now_ms()"

// So that a bell rings at most once for a statement that rang it for any row. (In the list of a
// SELECT: it is evaluated when the first row needs it.)
#define PG_RING_FOR_WORK "(SELECT count(pg_notify('orders_work', '')))"
#define PG_RING_FOR_ENDS                                                   \
    "(SELECT count(pg_notify('orders_ends', '')) FROM orders.awaited_ends" \
    " WHERE until > orders.now_ms())"

// What has happened to orders, if somebody listens: as the last columns say, of the rows of `table`
// that say which orders they are of; or, in the second form, of the rows themselves. It is numbered
// by change_log.cpp.
#define PG_NEW_CHANGES                                                                   \
    " changed AS (INSERT INTO orders.new_changes (at, order_id, kind, priority, status," \
    " attempt, reason) SELECT orders.now_ms(), "
#define PG_IF_ANYBODY_LISTENS " WHERE EXISTS (SELECT FROM orders.awaited_changes WHERE until > 0)"
#define PG_CHANGED(table, status, attempt, reason)                                    \
    PG_NEW_CHANGES "o.order_id, k.name, o.priority, " status ", " attempt ", " reason \
                   " FROM " table                                                     \
                   " AS c JOIN orders.orders o ON o.seq = c.seq"                      \
                   " JOIN orders.kinds k ON k.id = o.kind" PG_IF_ANYBODY_LISTENS ")"

// The settlements of one turn, each of which is settled once, however often it is named.
class Settlements {
   public:
    // Sends up to two statements.
    Settlements(Transaction& transaction, std::span<const Settlement> settlements, Chance& chance);

    // Takes the results of what was sent from `results`, from `next` on.
    [[nodiscard]] std::vector<SettleOutcome> outcomes(const std::vector<Rows>& results,
                                                      std::size_t& next) const;

   private:
    std::size_t count_;
    bool has_ends_ = false;
    bool has_retries_ = false;
};

// Of those that did not come too late.
[[nodiscard]] std::size_t count_settled(const std::vector<SettleOutcome>& outcomes);

// Back into the queue at their old place, not charged, with a row in the history. The rows that it
// returns are the orders that it has given back.
void send_releases(Transaction& transaction, std::span<const Lease> leases);

// Leases that have run out, of those that began after this time: orders are Pending again at their
// old place, or Failed. Of what it returns see taken_back() in house.cpp.
void send_take_back(Transaction& transaction, std::int64_t begun_after, std::size_t limit);

// Cancelled, if they are open. Returns the numbers of those that were.
void send_cancels(Transaction& transaction, std::span<const OrderSequence> orders);

// Failed with `expired`, if they are Pending. Returns the numbers of those that were.
void send_expiries(Transaction& transaction, std::span<const OrderSequence> orders);

}  // namespace orders::postgres
