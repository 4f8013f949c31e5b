#include "shared/storage/postgres/order_rows.h"

#include <cstdint>
#include <string>
#include <utility>

#include "shared/storage/postgres/columns.h"

namespace orders::postgres {

std::vector<OrderRow> orders_from(const Rows& rows) {
    std::vector<OrderRow> orders;
    orders.reserve(rows.size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
        orders.push_back({{rows.get<std::int64_t>(row, 0)}, order_from_row(rows, row)});
    }
    return orders;
}

std::optional<OrderRow> whole_order_from(const Rows& order, const Rows& history) {
    if (order.empty()) return std::nullopt;
    OrderRow found{{order.get<std::int64_t>(0, 0)}, order_from_row(order, 0)};
    constexpr int beyond = PG_ORDER_COLUMN_COUNT;
    found.order.spec.payload = json_from_column(order.get<std::optional<std::string>>(0, beyond));
    found.order.spec.options = options_from_row(order, 0, beyond + 1);
    found.order.result = json_from_column(order.get<std::optional<std::string>>(0, beyond + 4));
    found.order.failure_detail = order.get<std::optional<std::string>>(0, beyond + 5);
    for (std::size_t row = 0; row < history.size(); ++row) {
        found.order.history.push_back(
            {.token = history.get<std::int64_t>(row, 0),
             .worker = history.get<std::string>(row, 1),
             .started_at = time_from_column(history.get<std::int64_t>(row, 2)),
             .ended_at = time_from_column(history.get<std::int64_t>(row, 3)),
             .outcome = static_cast<PastAttempt::Outcome>(history.get<std::int64_t>(row, 4)),
             .reason = history.get<std::optional<std::string>>(row, 5),
             .detail = history.get<std::optional<std::string>>(row, 6)});
    }
    return found;
}

}  // namespace orders::postgres
