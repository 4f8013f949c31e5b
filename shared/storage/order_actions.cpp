#include "shared/storage/order_actions.h"

#include <algorithm>

namespace orders {

bool OrderFilter::fits(const Order& order) const noexcept {
    return (statuses.empty() || std::ranges::find(statuses, order.status) != statuses.end()) &&
           (!kind || *kind == order.spec.kind) && (!priority || *priority == order.spec.priority) &&
           (!reason || reason == order.failure) &&
           (!created_after || *created_after <= order.created_at) &&
           (!created_before || order.created_at < *created_before);
}

}  // namespace orders
