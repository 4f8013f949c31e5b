#include "shared/storage/sqlite/order_rows.h"

#include <cstdint>
#include <string>
#include <utility>

#include "shared/storage/sqlite/columns.h"
#include "shared/storage/sqlite/errors.h"

namespace orders::sqlite {

Order order_from_row(const Cursor& row) {
    const StoredStatus status = status_from_column(row.get<std::int64_t>(4));
    auto kind = Kind::parse(row.get<std::string>(11));
    if (!kind) throw damaged("read an order", "its kind has no valid name");
    Order order{.spec = spec_from_row(row, 1),
                .status = to_status(status),
                .attempts = static_cast<int>(row.get<std::int64_t>(5)),
                .created_at = time_from_column(row.get<std::int64_t>(6)),
                .due_at = time_from_column(row.get<std::optional<std::int64_t>>(12)),
                .is_waiting_for_time = status == StoredStatus::waiting,
                .started_at = time_from_column(row.get<std::optional<std::int64_t>>(7)),
                .finished_at = time_from_column(row.get<std::optional<std::int64_t>>(8)),
                .worker = row.get<std::optional<std::string>>(9),
                .failure = row.get<std::optional<std::string>>(10)};
    order.spec.kind = *std::move(kind);
    order.spec.start_before = time_from_column(row.get<std::optional<std::int64_t>>(13));
    return order;
}

OrderRows::OrderRows(Connection& connection, OrderContent& content)
    : sequence_(connection, "SELECT seq FROM orders WHERE order_id = ?"),
      status_(connection, "SELECT status FROM orders WHERE order_id = ?"),
      row_(connection, ORDER_COLUMNS "orders o" ORDER_JOINS " WHERE o.seq = ?"),
      by_id_(
          connection,
          "SELECT " ORDER_COLUMN_LIST
          ", i.payload, i.timeout_seconds, i.max_attempts, i.backoff_seconds, r.result, r.detail,"
          " EXISTS (SELECT 1 FROM past_attempts p WHERE p.seq = o.seq), i.trace,"
          " EXISTS (SELECT 1 FROM order_actions a WHERE a.seq = o.seq) FROM orders o" ORDER_JOINS
          " LEFT JOIN order_inputs i ON i.seq = o.seq"
          " LEFT JOIN order_results r ON r.seq = o.seq WHERE o.order_id = ?"),
      content_(content) {}

std::optional<OrderSequence> OrderRows::sequence_of(const OrderId& order_id) {
    Cursor row = sequence_.query(order_id.text());
    if (!row.next()) return std::nullopt;
    return OrderSequence{row.get<std::int64_t>(0)};
}

std::optional<OrderStatus> OrderRows::status_of(const OrderId& order_id) {
    Cursor row = status_.query(order_id.text());
    if (!row.next()) return std::nullopt;
    return to_status(status_from_column(row.get<std::int64_t>(0)));
}

std::optional<Order> OrderRows::row_of(OrderSequence order) {
    Cursor row = row_.query(order.value);
    if (!row.next()) return std::nullopt;
    return order_from_row(row);
}

std::optional<Order> OrderRows::find(const OrderId& order_id) {
    Cursor row = by_id_.query(order_id.text());
    if (!row.next()) return std::nullopt;
    const OrderSequence sequence{row.get<std::int64_t>(0)};
    Order order = order_from_row(row);
    order.spec.payload = json_from_column(row.get<std::optional<std::string>>(14));
    order.spec.options = options_from_row(row, 15);
    order.result = json_from_column(row.get<std::optional<std::string>>(18));
    order.failure_detail = row.get<std::optional<std::string>>(19);
    if (row.get<std::int64_t>(20) != 0) order.history = content_.history(sequence);
    order.spec.trace = trace_from_column(row.get<std::optional<std::string>>(21));
    if (row.get<std::int64_t>(22) != 0) order.actions = content_.actions(sequence);
    return order;
}

}  // namespace orders::sqlite
