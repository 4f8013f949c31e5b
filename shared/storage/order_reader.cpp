#include "shared/storage/order_reader.h"

#include <algorithm>

#include "shared/storage/store_error.h"

namespace orders {

std::int64_t& StatusCounts::operator[](OrderStatus status) noexcept {
    switch (status) {
        case OrderStatus::pending:
            return pending;
        case OrderStatus::processing:
            return processing;
        case OrderStatus::processed:
            return processed;
        case OrderStatus::failed:
            return failed;
        case OrderStatus::cancelled:
            break;
    }
    return cancelled;
}

std::int64_t StatusCounts::operator[](OrderStatus status) const noexcept {
    StatusCounts copy = *this;
    return copy[status];
}

StatusCounts& StatusCounts::operator+=(const StatusCounts& other) noexcept {
    for (const OrderStatus status : all_statuses) (*this)[status] += other[status];
    return *this;
}

StatusCounts OrderReport::total() const noexcept {
    StatusCounts sum = high;
    sum += normal;
    return sum;
}

namespace {

// The wall clock may have been set back meanwhile.
std::optional<double> seconds_from(const std::optional<UtcTime>& time, UtcTime now) {
    if (!time) return std::nullopt;
    return std::chrono::duration<double>(std::max(now - *time, std::chrono::milliseconds{0}))
        .count();
}

}  // namespace

std::optional<double> OrderReport::oldest_pending_seconds(Priority priority) const noexcept {
    return seconds_from(priority == Priority::high ? oldest_high : oldest_normal, taken_at);
}

std::optional<double> OrderReport::oldest_pending_seconds() const noexcept {
    // An empty optional is smaller than any other.
    return std::max(oldest_pending_seconds(Priority::high),
                    oldest_pending_seconds(Priority::normal));
}

void require_readable(OrderReader& reader) {
    try {
        (void)reader.report();
    } catch (const StoreError& error) {
        if (error.is_fatal()) throw;
    }
}

}  // namespace orders
