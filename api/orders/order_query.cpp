#include "api/orders/order_query.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "shared/text/ascii.h"

namespace orders {

std::variant<OrderQuery, std::vector<FieldError>> parse_query(
    const std::vector<std::pair<std::string, std::string>>& parameters) {
    OrderQuery query;
    std::vector<FieldError> errors;
    std::vector<std::string_view> given;
    for (const auto& [name, value] : parameters) {
        const auto require = [&, &field = name](bool holds, const char* rule) {
            if (!holds) errors.push_back({field, rule});
        };
        if (std::ranges::find(given, name) != given.end()) {
            require(false, "is given twice");
            continue;
        }
        given.emplace_back(name);
        if (name == "status") {
            query.status = parse_status(value);
            require(query.status.has_value(), "must be Pending, Processing, Processed or Failed");
        } else if (name == "priority") {
            query.priority = parse_priority(value);
            require(query.priority.has_value(), "must be High or Normal");
        } else if (name == "limit") {
            const auto limit =
                ascii::parse_whole_number<std::size_t>(value, 1, OrderQuery::max_limit);
            require(limit.has_value(), "must be a whole number from 1 to 1000");
            query.limit = limit.value_or(query.limit);
        } else if (name == "cursor") {
            const auto before = ascii::parse_whole_number<std::int64_t>(value, 1, INT64_MAX);
            require(before.has_value(), "must be a next_cursor that was given out");
            query.before = OrderSequence{before.value_or(0)};
        } else {
            require(false, "is not known; known are status, priority, limit and cursor");
        }
    }
    if (!errors.empty()) return errors;
    return query;
}

}  // namespace orders
