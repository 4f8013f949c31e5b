#pragma once

// Orders that are read one by one, or a few by their numbers, inside a transaction as outside.

#include <optional>
#include <span>
#include <vector>

#include "shared/domain/claim.h"
#include "shared/domain/order.h"
#include "shared/storage/postgres/connection.h"

namespace orders::postgres {

struct OrderRow {
    OrderSequence sequence;
    Order order;
};

#define PG_ORDERS_BY_NUMBER                                        \
    "SELECT " PG_ORDER_COLUMNS                                     \
    " FROM unnest($1::bigint[]) WITH ORDINALITY AS s (number, at)" \
    " JOIN orders.orders o ON o.seq = s.number" PG_ORDER_JOINS " ORDER BY s.at"

// With all that is known of it.
#define PG_ORDER_BY_ID                                                                     \
    "SELECT " PG_ORDER_COLUMNS                                                             \
    ", i.payload, i.timeout_seconds, i.max_attempts,"                                      \
    " i.backoff_seconds, r.result, r.detail, i.trace,"                                     \
    " (SELECT string_agg(a.at || ' ' || a.action || ' ' || a.name, ',' ORDER BY a.number)" \
    " FROM orders.order_actions a WHERE a.seq = o.seq)"                                    \
    " FROM orders.orders o" PG_ORDER_JOINS                                                 \
    " LEFT JOIN orders.order_inputs i ON i.seq = o.seq"                                    \
    " LEFT JOIN orders.order_results r ON r.seq = o.seq WHERE o.order_id = $1::text"
#define PG_HISTORY_BY_ID                                                              \
    "SELECT p.token, w.name, p.started_at, p.ended_at, p.outcome, p.reason, p.detail" \
    " FROM orders.orders o JOIN orders.past_attempts p ON p.seq = o.seq"              \
    " JOIN orders.workers w ON w.id = p.worker WHERE o.order_id = $1::text ORDER BY p.token"

// Of the results of PG_ORDERS_BY_NUMBER.
[[nodiscard]] std::vector<OrderRow> orders_from(const Rows& rows);
// Of the results of PG_ORDER_BY_ID and PG_HISTORY_BY_ID. Empty if there is no such order.
[[nodiscard]] std::optional<OrderRow> whole_order_from(const Rows& order, const Rows& history);

}  // namespace orders::postgres
