#include "api/orders/order_query.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "api/orders/field_values.h"
#include "shared/text/ascii.h"

namespace orders {
namespace {

struct Parameter {
    std::string_view name;
    std::string_view rule;
    // False if the value breaks the rule.
    bool (*take)(std::string_view value, OrderQuery& query);
};

bool take_time(std::string_view value, std::optional<UtcTime>& target) {
    target = parse_rfc3339(value);
    return target.has_value();
}

constexpr std::array parameters{
    Parameter{"status", "must be Pending, Processing, Processed, Failed or Cancelled",
              [](std::string_view value, OrderQuery& query) {
                  const auto status = parse_status(value);
                  if (status) query.filter.statuses = {*status};
                  return status.has_value();
              }},
    Parameter{"priority", "must be High or Normal",
              [](std::string_view value, OrderQuery& query) {
                  query.filter.priority = parse_priority(value);
                  return query.filter.priority.has_value();
              }},
    Parameter{"kind", field_rule::kind,
              [](std::string_view value, OrderQuery& query) {
                  query.filter.kind = Kind::parse(value);
                  return query.filter.kind.has_value();
              }},
    Parameter{"reason", field_rule::reason,
              [](std::string_view value, OrderQuery& query) {
                  query.filter.reason = value;
                  return is_failure_reason(value);
              }},
    Parameter{"created_after", field_rule::time,
              [](std::string_view value, OrderQuery& query) {
                  return take_time(value, query.filter.created_after);
              }},
    Parameter{"created_before", field_rule::time,
              [](std::string_view value, OrderQuery& query) {
                  return take_time(value, query.filter.created_before);
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

std::string unknown_parameter() {
    std::string detail = "is not known; known are";
    for (const Parameter& parameter : parameters) {
        const bool is_last = parameter.name == parameters.back().name;
        const bool is_first = parameter.name == parameters.front().name;
        detail.append(is_last ? " and " : is_first ? " " : ", ").append(parameter.name);
    }
    return detail;
}

}  // namespace

std::variant<OrderQuery, std::vector<FieldError>> parse_query(
    const std::vector<std::pair<std::string, std::string>>& given) {
    OrderQuery query;
    std::vector<FieldError> errors;
    std::vector<std::string_view> names;
    for (const auto& [name, value] : given) {
        const auto* const parameter = std::ranges::find(parameters, name, &Parameter::name);
        if (parameter == parameters.end()) {
            errors.push_back({name, unknown_parameter()});
            continue;
        }
        if (value.empty()) continue;
        if (std::ranges::find(names, name) != names.end()) {
            errors.push_back({name, "is given twice"});
        } else if (!parameter->take(value, query)) {
            errors.push_back({name, std::string(parameter->rule)});
        }
        names.emplace_back(name);
    }
    if (!errors.empty()) return errors;
    return query;
}

std::variant<std::chrono::seconds, std::vector<FieldError>> parse_wait(
    const std::vector<std::pair<std::string, std::string>>& given) {
    const std::string parameter = "wait_seconds";
    std::optional<std::chrono::seconds> wait;
    for (const auto& [name, value] : given) {
        if (name != parameter || value.empty()) continue;
        if (wait) return std::vector<FieldError>{{parameter, "is given twice"}};
        const auto seconds =
            ascii::parse_whole_number<std::int64_t>(value, 0, longest_wait.count());
        if (!seconds) {
            return std::vector<FieldError>{{parameter, "must be a whole number from 0 to 50"}};
        }
        wait = std::chrono::seconds(*seconds);
    }
    return wait.value_or(std::chrono::seconds(0));
}

}  // namespace orders
