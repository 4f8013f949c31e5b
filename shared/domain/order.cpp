#include "shared/domain/order.h"

#include <algorithm>
#include <cstdlib>

#include "shared/text/ascii.h"

namespace orders {

namespace {

bool may_follow(char c) {
    return ascii::is_letter_or_digit(c) ||
           std::string_view("._:~-").find(c) != std::string_view::npos;
}

}  // namespace

std::optional<OrderId> OrderId::parse(std::string_view text) {
    if (text.empty() || text.size() > max_length) return std::nullopt;
    if (!ascii::is_letter_or_digit(text.front())) return std::nullopt;
    if (!std::all_of(text.begin() + 1, text.end(), may_follow)) return std::nullopt;
    return OrderId(std::string(text));
}

std::string_view to_string(Priority priority) noexcept {
    switch (priority) {
        case Priority::high:
            return "High";
        case Priority::normal:
            return "Normal";
    }
    std::abort();  // only a cast can make another value
}

std::string_view to_string(OrderStatus status) noexcept {
    switch (status) {
        case OrderStatus::pending:
            return "Pending";
        case OrderStatus::processing:
            return "Processing";
        case OrderStatus::processed:
            return "Processed";
        case OrderStatus::failed:
            return "Failed";
        case OrderStatus::cancelled:
            return "Cancelled";
    }
    std::abort();  // only a cast can make another value
}

std::string_view to_string(PastAttempt::Outcome outcome) noexcept {
    switch (outcome) {
        case PastAttempt::Outcome::retry:
            return "retry";
        case PastAttempt::Outcome::lease_expired:
            return "lease_expired";
        case PastAttempt::Outcome::released:
            return "released";
        case PastAttempt::Outcome::failed:
            return "failed";
        case PastAttempt::Outcome::cancelled:
            return "cancelled";
    }
    std::abort();  // only a cast can make another value
}

std::string_view to_string(PastAction::What what) noexcept {
    switch (what) {
        case PastAction::What::cancel:
            return "cancel";
        case PastAction::What::retry:
            return "retry";
        case PastAction::What::change:
            return "change";
    }
    std::abort();  // only a cast can make another value
}

std::optional<Priority> parse_priority(std::string_view text) noexcept {
    for (const Priority priority : all_priorities) {
        if (to_string(priority) == text) return priority;
    }
    return std::nullopt;
}

std::optional<OrderStatus> parse_status(std::string_view text) noexcept {
    for (const OrderStatus status : all_statuses) {
        if (to_string(status) == text) return status;
    }
    return std::nullopt;
}

std::optional<ProcessingTime> ProcessingTime::parse(std::int64_t units) noexcept {
    if (units < min_units || units > max_units) return std::nullopt;
    return ProcessingTime(units);
}

}  // namespace orders
