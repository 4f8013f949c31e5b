#pragma once

// When an order is due, and whether a change of one (ChangeOrder) fits it.

#include <algorithm>
#include <optional>
#include <variant>

#include "shared/domain/order.h"
#include "shared/domain/utc_time.h"
#include "shared/storage/order_actions.h"

namespace orders {

// By the store's clock; a time that is past is now.
[[nodiscard]] inline UtcTime due_time(const DueTime& due, UtcTime now) {
    if (const auto* delay = std::get_if<std::chrono::seconds>(&due)) return now + *delay;
    return std::max(std::get<UtcTime>(due), now);
}

// What is wrong with a change of this order, which is Pending, if anything.
[[nodiscard]] std::optional<InvalidChange> fault_of(const OrderChange& change, const Order& order,
                                                    UtcTime now);

}  // namespace orders
