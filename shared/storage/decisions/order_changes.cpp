#include "shared/storage/decisions/order_changes.h"

#include <string>

namespace orders {
namespace {

// The API's name of the field that says when an order is due.
std::string due_field(const std::optional<DueTime>& due) {
    return due && std::holds_alternative<std::chrono::seconds>(*due) ? "delay_seconds"
                                                                     : "not_before";
}

}  // namespace

std::optional<InvalidChange> fault_of(const OrderChange& change, const Order& order, UtcTime now) {
    if (change.max_attempts && *change.max_attempts && **change.max_attempts <= order.attempts) {
        return InvalidChange{"max_attempts", "must be more than the " +
                                                 std::to_string(order.attempts) +
                                                 " attempts that the order has had"};
    }
    const bool has_begun = order.attempts > 0;
    if (has_begun && change.start_before && *change.start_before) {
        return InvalidChange{"start_before", "means nothing any more: the order has begun in time"};
    }
    const bool is_start_bound = !has_begun && (change.start_before || change.due);
    const auto start_before = change.start_before.value_or(order.spec.start_before);
    if (!is_start_bound || !start_before) return std::nullopt;
    const auto due = [&]() -> std::optional<UtcTime> {
        if (!change.due) return order.due_at;
        if (!*change.due) return std::nullopt;
        return due_time(**change.due, now);
    }();
    if (!due || *due <= now || *start_before >= *due) return std::nullopt;
    if (change.start_before) {
        return InvalidChange{"start_before", "must not be before the time at which it is due"};
    }
    return InvalidChange{due_field(*change.due), "must not be after start_before"};
}

}  // namespace orders
