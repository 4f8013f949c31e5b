#pragma once

// What tells a receiver that an attempt is at an order which it has seen before, such as
// `ord_7f3a9c12e4b05d68_1042_1767225599123`: the store's id, the order's number in it and the time
// when it was created. The order's own id would not do: once the order has been deleted, its client
// may use it again, for another order. A pure function, for any thread.

#include <string>
#include <string_view>

#include "shared/domain/claim.h"

namespace orders {

// The same for every attempt at the order, in every round, and for no other order ever.
[[nodiscard]] std::string idempotency_key(std::string_view store_id, const ClaimedOrder& order);

}  // namespace orders
