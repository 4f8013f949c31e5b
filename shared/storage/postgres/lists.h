#pragma once

// Orders in the order of arrival, for lists and for actions by filter (OrderReader::list and
// find_matching): read from the indexes that have just the ones that are open, or that did not
// succeed, or else by walking over all.

#include <cstddef>

#include "shared/storage/order_reader.h"
#include "shared/storage/postgres/connection.h"

namespace orders::postgres {

// Both read one moment of the store, within a transaction of their own.
[[nodiscard]] OrderPage list(Connection& connection, const OrderQuery& query);
[[nodiscard]] MatchingOrders find_matching(Connection& connection, const OrderFilter& filter,
                                           OrderSequence after, std::size_t limit);

}  // namespace orders::postgres
