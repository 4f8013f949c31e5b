#pragma once

// How an order is read: the columns and joins of its row, for whoever lists orders; and one order
// with all that is known of it, from inside a transaction as from outside.

#include <optional>

#include "shared/domain/claim.h"
#include "shared/domain/order.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/order_content.h"

namespace orders::sqlite {

// The columns of a row, from orders as `o` and ORDER_JOINS. The first one is o.seq. A Processing
// order has its worker and start in its lease.
#define ORDER_COLUMN_LIST                                                         \
    "o.seq, o.order_id, o.priority, o.processing_time, o.status, o.attempts,"     \
    " o.created_at, coalesce(o.started_at, l.started_at), o.finished_at, w.name," \
    " o.failure, k.name, o.due_at, o.start_before"
// `SELECT ... FROM`, with orders as `o` to follow, then ORDER_JOINS.
#define ORDER_COLUMNS "SELECT " ORDER_COLUMN_LIST " FROM "
#define ORDER_JOINS                        \
    " JOIN kinds k ON k.id = o.kind"       \
    " LEFT JOIN leases l ON l.seq = o.seq" \
    " LEFT JOIN workers w ON w.id = coalesce(o.worker, l.worker)"

// Of a row of these: all but payload, options, trace, result, history and actions. Throws
// StoreError (damaged).
[[nodiscard]] Order order_from_row(const Cursor& row);

// Used by the thread of the connection, which must outlive this, and be up to date; so must the
// content.
class OrderRows {
   public:
    OrderRows(Connection& connection, OrderContent& content);

    [[nodiscard]] std::optional<OrderSequence> sequence_of(const OrderId& order_id);
    [[nodiscard]] std::optional<OrderStatus> status_of(const OrderId& order_id);
    // As order_from_row() has it.
    [[nodiscard]] std::optional<Order> row_of(OrderSequence order);
    // With all that is known of it.
    [[nodiscard]] std::optional<Order> find(const OrderId& order_id);

   private:
    Statement sequence_;
    Statement status_;
    Statement row_;
    Statement by_id_;
    OrderContent& content_;
};

}  // namespace orders::sqlite
