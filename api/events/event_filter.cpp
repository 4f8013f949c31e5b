#include "api/events/event_filter.h"

#include <algorithm>
#include <array>
#include <functional>

#include "api/orders/field_values.h"

namespace orders {
namespace {

template <typename Value>
bool is_among(const std::vector<Value>& wanted, const Value& value) {
    return wanted.empty() || std::ranges::find(wanted, value) != wanted.end();
}

// Whether there was a value to add.
template <typename Value>
bool add(std::vector<Value>& values, std::optional<Value> value) {
    if (!value) return false;
    values.push_back(*std::move(value));
    return true;
}

// So that it does not matter in which order values were given, and how often.
template <typename Value, typename Projection = std::identity>
void sort_once(std::vector<Value>& values, Projection by = {}) {
    std::ranges::sort(values, {}, by);
    values.erase(std::unique(values.begin(), values.end()), values.end());
}

struct Parameter {
    std::string_view name;
    std::string_view rule;
    // False if the value breaks the rule.
    bool (*take)(std::string_view value, EventFilter& filter);
};

constexpr std::array parameters{
    Parameter{"order_id", field_rule::name,
              [](std::string_view value, EventFilter& filter) {
                  return add(filter.order_ids, OrderId::parse(value));
              }},
    Parameter{"kind", field_rule::kind,
              [](std::string_view value, EventFilter& filter) {
                  return add(filter.kinds, Kind::parse(value));
              }},
    Parameter{"priority", "must be High or Normal",
              [](std::string_view value, EventFilter& filter) {
                  return add(filter.priorities, parse_priority(value));
              }},
    Parameter{"status", "must be Pending, Processing, Processed, Failed or Cancelled",
              [](std::string_view value, EventFilter& filter) {
                  return add(filter.statuses, parse_status(value));
              }},
};

constexpr std::string_view after = "after";

}  // namespace

bool EventFilter::fits(const Change& change) const noexcept {
    return is_among(order_ids, change.order_id) && is_among(kinds, change.kind) &&
           is_among(priorities, change.priority) && is_among(statuses, change.status);
}

std::string EventFilter::key() const {
    std::string key;
    for (const OrderId& order_id : order_ids) key.append(order_id.text()).append(" ");
    key += '/';
    for (const Kind& kind : kinds) key.append(kind.name()).append(" ");
    key += '/';
    for (const Priority priority : priorities) key.append(to_string(priority)).append(" ");
    key += '/';
    for (const OrderStatus status : statuses) key.append(to_string(status)).append(" ");
    return key;
}

std::variant<EventRequest, std::vector<FieldError>> parse_event_request(
    const std::vector<std::pair<std::string, std::string>>& given, std::string_view last_event_id) {
    EventRequest request;
    std::vector<FieldError> errors;
    for (const auto& [name, value] : given) {
        if (name == after) {
            if (value.empty()) continue;
            if (request.after) errors.push_back({name, "is given twice"});
            request.after = value;
            continue;
        }
        const auto* const parameter = std::ranges::find(parameters, name, &Parameter::name);
        if (parameter == parameters.end()) {
            errors.push_back(
                {name, "is not known; known are order_id, kind, priority, status and after"});
        } else if (!value.empty() && !parameter->take(value, request.filter)) {
            errors.push_back({name, std::string(parameter->rule)});
        }
    }
    if (!errors.empty()) return errors;
    sort_once(request.filter.order_ids, &OrderId::text);
    sort_once(request.filter.kinds);
    sort_once(request.filter.priorities);
    sort_once(request.filter.statuses);
    if (!last_event_id.empty()) request.after = last_event_id;
    return request;
}

}  // namespace orders
