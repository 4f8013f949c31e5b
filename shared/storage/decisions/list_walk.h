#pragma once

// How a list and a search (OrderReader::list and find_matching) come from rows in the order of
// arrival, of which some fit and others do not: how many are read at a time, and when it is enough.
// The backend reads the rows.

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "shared/storage/order_reader.h"

namespace orders {

struct ListedRow {
    OrderSequence sequence;
    std::optional<Order> order = {};  // empty if it does not fit the filter
};

// Up to `limit` rows beyond `bound`, in order, that may fit the filter; fewer only if there are no
// more.
using ReadRows = std::function<std::vector<ListedRow>(OrderSequence bound, std::size_t limit)>;

// `read` reads from the newest on.
[[nodiscard]] OrderPage page_of(const OrderQuery& query, const ReadRows& read);
// `read` reads from the oldest on.
[[nodiscard]] MatchingOrders matching(OrderSequence after, std::size_t limit, const ReadRows& read);

}  // namespace orders
