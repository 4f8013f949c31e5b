#include "shared/storage/sqlite/columns.h"

#include <chrono>
#include <string>
#include <utility>

#include "shared/storage/sqlite/errors.h"

namespace orders::sqlite {

std::int64_t to_column(Priority priority) noexcept {
    return priority == Priority::high ? 0 : 1;
}

std::int64_t to_column(OrderStatus status) noexcept {
    return static_cast<std::int64_t>(status);
}

std::int64_t to_column(UtcTime time) noexcept {
    return time.time_since_epoch().count();
}

Priority priority_from_column(std::int64_t value) {
    return value == 0 ? Priority::high : Priority::normal;
}

OrderStatus status_from_column(std::int64_t value) {
    if (value < 0 || value > 3) throw damaged("read an order", "its status is out of range");
    return static_cast<OrderStatus>(value);
}

UtcTime time_from_column(std::int64_t milliseconds) noexcept {
    return UtcTime(std::chrono::milliseconds(milliseconds));
}

std::optional<UtcTime> time_from_column(std::optional<std::int64_t> milliseconds) {
    if (!milliseconds) return std::nullopt;
    return time_from_column(*milliseconds);
}

std::int64_t& place_in(Counts& counts, std::int64_t priority, std::int64_t status) {
    return counts.at(static_cast<std::size_t>(priority)).at(static_cast<std::size_t>(status));
}

OrderSpec spec_from_row(const Cursor& row, int first) {
    auto order_id = OrderId::parse(row.get<std::string>(first));
    const auto processing_time = ProcessingTime::parse(row.get<std::int64_t>(first + 2));
    if (!order_id || !processing_time) {
        throw damaged("read an order", "its id or its processing time is out of range");
    }
    return {.order_id = *std::move(order_id),
            .priority = priority_from_column(row.get<std::int64_t>(first + 1)),
            .processing_time = *processing_time};
}

}  // namespace orders::sqlite
