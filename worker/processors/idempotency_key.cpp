#include "worker/processors/idempotency_key.h"

namespace orders {

std::string idempotency_key(std::string_view store_id, const ClaimedOrder& order) {
    return std::string("ord_")
        .append(store_id)
        .append("_")
        .append(std::to_string(order.lease.order.value))
        .append("_")
        .append(std::to_string(order.created_at.time_since_epoch().count()));
}

}  // namespace orders
