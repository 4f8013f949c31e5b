#include "shared/storage/decisions/list_walk.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

namespace orders {
namespace {

// How many rows one call looks at, at most: a few milliseconds. If list() has found none that match
// by then, it goes on for longer, because people take an empty page for an empty list.
constexpr std::size_t rows_per_page = 10'000;
constexpr std::size_t rows_per_empty_page = 100'000;
// How many rows are read at a time if not all of them will fit.
constexpr std::size_t rows_per_portion = 1'000;

// Whether rows that read() gives can be left out again.
bool is_exact(const OrderFilter& filter) {
    if (filter.reason || filter.created_after || filter.created_before) return false;
    if (filter.statuses == std::vector{OrderStatus::pending}) return true;
    return !filter.kind && !filter.priority && filter.statuses.size() <= 1 &&
           filter.statuses != std::vector{OrderStatus::processed};
}

}  // namespace

OrderPage page_of(const OrderQuery& query, const ReadRows& read) {
    OrderPage page;
    OrderSequence bound =
        query.before.value_or(OrderSequence{std::numeric_limits<std::int64_t>::max()});
    for (std::size_t seen = 0;;) {
        const std::size_t portion = is_exact(query.filter)
                                        ? query.limit - page.orders.size()
                                        : std::max(query.limit, rows_per_portion);
        // One more, to know whether there is more.
        std::vector<ListedRow> rows = read(bound, portion + 1);
        const bool has_more = rows.size() > portion;
        if (has_more) rows.pop_back();
        for (ListedRow& row : rows) {
            ++seen;
            bound = row.sequence;
            if (!row.order) continue;
            page.orders.push_back(*std::move(row.order));
            if (page.orders.size() < query.limit) continue;
            if (has_more || &row != &rows.back()) page.next_before = bound;
            return page;
        }
        if (!has_more) return page;
        if (seen >= (page.orders.empty() ? rows_per_empty_page : rows_per_page)) {
            page.next_before = bound;
            return page;
        }
    }
}

MatchingOrders matching(OrderSequence after, std::size_t limit, const ReadRows& read) {
    MatchingOrders found;
    for (std::size_t seen = 0; seen < rows_per_page;) {
        const std::vector<ListedRow> rows = read(after, rows_per_portion);
        for (const ListedRow& row : rows) {
            ++seen;
            after = row.sequence;
            if (row.order) found.orders.push_back(row.sequence);
            if (found.orders.size() < limit) continue;
            found.next_after = after;
            return found;
        }
        if (rows.size() < rows_per_portion) return found;
    }
    found.next_after = after;
    return found;
}

}  // namespace orders
