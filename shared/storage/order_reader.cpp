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
            break;
    }
    return failed;
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

std::optional<double> OrderReport::oldest_pending_seconds() const noexcept {
    if (!oldest_pending) return std::nullopt;
    // The wall clock may have been set back meanwhile.
    const auto waited = std::max(taken_at - *oldest_pending, std::chrono::milliseconds{0});
    return std::chrono::duration<double>(waited).count();
}

void require_readable(OrderReader& reader) {
    try {
        (void)reader.report();
    } catch (const StoreError& error) {
        if (error.is_fatal()) throw;
    }
}

}  // namespace orders
