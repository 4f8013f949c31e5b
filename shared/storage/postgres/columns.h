#pragma once

// How orders are read from the database: the columns of a row, and what they come to. What is
// stored was valid when it was stored; all of these throw StoreError (damaged) if it is not now.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shared/domain/claim.h"
#include "shared/domain/order.h"
#include "shared/storage/decisions/column_values.h"
#include "shared/storage/decisions/stored_status.h"
#include "shared/storage/order_reader.h"
#include "shared/storage/postgres/connection.h"
#include "shared/storage/postgres/values.h"

namespace orders::postgres {

using orders::json_from_column;
using orders::priority_from_column;
using orders::time_from_column;
using orders::to_column;

// If a statement of begin_group() looks rows up that come and go, it says `= ANY (ARRAY[key])` in a
// join instead of `= key`. For the latter the server may walk over a whole index once instead, if
// its statistics say that the table has next to no rows: but it may have millions that are gone,
// and are kept for as long as anybody holds a transaction open.

// That the place of an order, as `o` (kind, priority, place), is this one in the queue, as `q`.
#define PG_IN_QUEUE                                                         \
    "q.kind = ANY (ARRAY[o.kind]) AND q.priority = ANY (ARRAY[o.priority])" \
    " AND q.line IN (0, 1) AND q.position = ANY (ARRAY[o.place])"
// That a lease, as `s` (seq, token), is still held, as `l` in leases.
#define PG_IS_HELD "l.seq = ANY (ARRAY[s.seq]) AND l.token = s.token"

// The columns of a row, from orders as `o` and PG_ORDER_JOINS. The first one is o.seq.
#define PG_ORDER_COLUMNS                                                                     \
    " o.seq, o.order_id, o.priority, o.processing_time,"                                     \
    " CASE WHEN o.status <> 0 THEN o.status WHEN l.seq IS NOT NULL THEN 1"                   \
    " WHEN t.seq IS NOT NULL THEN 5 ELSE 0 END,"                                             \
    " coalesce(l.attempts, o.attempts), o.created_at, coalesce(l.started_at, o.started_at)," \
    " o.finished_at, w.name, o.failure, k.name, o.due_at, o.start_before "
#define PG_ORDER_COLUMN_COUNT 14
#define PG_ORDER_JOINS                                              \
    " JOIN orders.kinds k ON k.id = o.kind"                         \
    " LEFT JOIN orders.leases l ON l.seq = o.seq AND o.status = 0"  \
    " LEFT JOIN orders.waiting t ON t.seq = o.seq AND o.status = 0" \
    " LEFT JOIN orders.workers w ON w.id = coalesce(l.worker, o.worker) "

[[nodiscard]] Array numbers_of(std::span<const OrderSequence> orders);
// Hexadecimal.
[[nodiscard]] std::string to_column(const Fingerprint& fingerprint);

// Of the columns seq, token, which are the first.
[[nodiscard]] std::vector<Lease> leases_from(const Rows& rows);
// Which store the connection leads to.
[[nodiscard]] StoreIdentity identity_of(Connection& connection);

[[nodiscard]] Kind kind_from_column(const std::string& name);

// Of the columns order_id, priority, processing_time, side by side from `first` on.
[[nodiscard]] OrderSpec spec_from_row(const Rows& rows, std::size_t row, int first);
// Of timeout_seconds, max_attempts, backoff_seconds of order_inputs, side by side.
[[nodiscard]] AttemptOptions options_from_row(const Rows& rows, std::size_t row, int first);
// Of PG_ORDER_COLUMNS: all but payload, options, trace, result, history and actions.
[[nodiscard]] Order order_from_row(const Rows& rows, std::size_t row);

}  // namespace orders::postgres
