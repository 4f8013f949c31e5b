#include "shared/storage/postgres/order_rows.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "shared/storage/postgres/columns.h"
#include "shared/storage/postgres/errors.h"
#include "shared/text/ascii.h"

namespace orders::postgres {
namespace {

// Of PG_ORDER_BY_ID: AT ACTION NAME for each, with commas in between; a name has neither these nor
// blanks.
std::vector<PastAction> actions_from_text(std::string_view text) {
    std::vector<PastAction> actions;
    while (!text.empty()) {
        const std::string_view entry = text.substr(0, text.find(','));
        text.remove_prefix(std::min(entry.size() + 1, text.size()));
        const std::size_t action = std::min(entry.find(' '), entry.size());
        constexpr std::size_t separated_digit = 3;
        const auto at = ascii::parse_whole_number<std::int64_t>(
            entry.substr(0, action), 0, std::numeric_limits<std::int64_t>::max());
        const auto what = ascii::parse_whole_number<int>(entry.substr(action).substr(1, 1), 0, 2);
        if (!at || !what || entry.size() <= action + separated_digit) {
            throw damaged("read an order", "one of its actions is not valid");
        }
        actions.push_back({.at = time_from_column(*at),
                           .what = static_cast<PastAction::What>(*what),
                           .name = std::string(entry.substr(action + separated_digit))});
    }
    return actions;
}

}  // namespace

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
    found.order.spec.trace =
        trace_from_column(order.get<std::optional<std::string>>(0, beyond + 6));
    found.order.actions =
        actions_from_text(order.get<std::optional<std::string>>(0, beyond + 7).value_or(""));
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
