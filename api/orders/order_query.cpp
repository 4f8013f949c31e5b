#include "api/orders/order_query.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "shared/text/ascii.h"

namespace orders {
namespace {

struct Parameter {
    std::string_view name;
    const char* rule;
    // False if the value breaks the rule.
    bool (*take)(std::string_view value, OrderQuery& query);
};

constexpr std::array parameters{
    Parameter{"status", "must be Pending, Processing, Processed or Failed",
              [](std::string_view value, OrderQuery& query) {
                  query.status = parse_status(value);
                  return query.status.has_value();
              }},
    Parameter{"priority", "must be High or Normal",
              [](std::string_view value, OrderQuery& query) {
                  query.priority = parse_priority(value);
                  return query.priority.has_value();
              }},
    Parameter{"limit", "must be a whole number from 1 to 1000",
              [](std::string_view value, OrderQuery& query) {
                  const auto limit =
                      ascii::parse_whole_number<std::size_t>(value, 1, OrderQuery::max_limit);
                  query.limit = limit.value_or(query.limit);
                  return limit.has_value();
              }},
    Parameter{"cursor", "must be a next_cursor that was given out",
              [](std::string_view value, OrderQuery& query) {
                  const auto before = ascii::parse_whole_number<std::int64_t>(value, 1, INT64_MAX);
                  query.before = OrderSequence{before.value_or(0)};
                  return before.has_value();
              }},
};

}  // namespace

std::variant<OrderQuery, std::vector<FieldError>> parse_query(
    const std::vector<std::pair<std::string, std::string>>& given) {
    OrderQuery query;
    std::vector<FieldError> errors;
    std::vector<std::string_view> names;
    for (const auto& [name, value] : given) {
        const auto* const parameter = std::ranges::find(parameters, name, &Parameter::name);
        if (parameter == parameters.end()) {
            errors.push_back({name, "is not known; known are status, priority, limit and cursor"});
            continue;
        }
        if (value.empty()) continue;
        if (std::ranges::find(names, name) != names.end()) {
            errors.push_back({name, "is given twice"});
        } else if (!parameter->take(value, query)) {
            errors.push_back({name, parameter->rule});
        }
        names.emplace_back(name);
    }
    if (!errors.empty()) return errors;
    return query;
}

}  // namespace orders
