#include "api/intake/order_acts.h"

#include <algorithm>

namespace orders {

std::size_t OrderActs::units_of(const OrderAction& action) noexcept {
    const auto* const bulk = std::get_if<BulkAction>(&action);
    return bulk != nullptr ? std::max<std::size_t>(1, bulk->orders.size()) : 1;
}

std::size_t OrderActs::bytes_of(const OrderAction& action) noexcept {
    const auto* const bulk = std::get_if<BulkAction>(&action);
    return bulk != nullptr ? bulk->orders.size() * sizeof(OrderSequence) : 0;
}

}  // namespace orders
