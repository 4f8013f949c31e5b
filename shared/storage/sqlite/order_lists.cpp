#include "shared/storage/sqlite/order_lists.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "shared/storage/sqlite/order_rows.h"
#include "shared/storage/sqlite/snapshot.h"

namespace orders::sqlite {
namespace {

// The ranges of one direction: `beyond` is < or >, `order` is DESC or ASC.
#define QUEUED(beyond, order)                                                                   \
    ORDER_COLUMNS "orders o INDEXED BY orders_queue" ORDER_JOINS                                \
                  " WHERE o.status = 0 AND o.place IS NULL AND o.kind = ?1 AND o.priority = ?2" \
                  " AND o.seq " beyond " ?3 ORDER BY o.seq " order " LIMIT ?4"
#define PLACED(beyond, order)                                                                      \
    ORDER_COLUMNS "orders o INDEXED BY orders_placed" ORDER_JOINS                                  \
                  " WHERE o.due_at IS NOT NULL AND o.finished_at IS NULL AND o.status <> 1"        \
                  " AND o.place IS NOT NULL AND o.kind = ?1 AND o.priority = ?2 AND o.seq " beyond \
                  " ?3 ORDER BY o.seq " order " LIMIT ?4"
#define IN_WORK(beyond, order)                                                \
    ORDER_COLUMNS "leases h CROSS JOIN orders o ON o.seq = h.seq" ORDER_JOINS \
                  " WHERE h.seq " beyond " ?1 ORDER BY h.seq " order " LIMIT ?2"
#define UNSUCCESSFUL(beyond, order)                                               \
    ORDER_COLUMNS "orders o INDEXED BY orders_unsuccessful" ORDER_JOINS           \
                  " WHERE o.status IN (3, 4) AND o.status = ?1 AND o.seq " beyond \
                  " ?2 ORDER BY o.seq " order " LIMIT ?3"
#define ALL(beyond, order)                                                                  \
    ORDER_COLUMNS "orders o" ORDER_JOINS " WHERE o.seq " beyond " ?1 ORDER BY o.seq " order \
                  " LIMIT ?2"

// As OrderFilter::fits(), without making an Order of the row.
bool fits(const OrderFilter& filter, const Cursor& row) {
    const auto is_one_of = [&](StoredStatus status) {
        return std::ranges::find(filter.statuses, to_status(status)) != filter.statuses.end();
    };
    const auto created_at = [&] { return time_from_column(row.get<std::int64_t>(6)); };
    return (filter.statuses.empty() || is_one_of(status_from_column(row.get<std::int64_t>(4)))) &&
           (!filter.priority || to_column(*filter.priority) == row.get<std::int64_t>(2)) &&
           (!filter.kind || filter.kind->name() == row.get<std::string>(11)) &&
           (!filter.reason || filter.reason == row.get<std::optional<std::string>>(10)) &&
           (!filter.created_after || *filter.created_after <= created_at()) &&
           (!filter.created_before || created_at() < *filter.created_before);
}

}  // namespace

OrderLists::OrderLists(Connection& connection)
    : connection_(connection),
      newest_first_{{connection, QUEUED("<", "DESC")},
                    {connection, PLACED("<", "DESC")},
                    {connection, IN_WORK("<", "DESC")},
                    {connection, UNSUCCESSFUL("<", "DESC")},
                    {connection, ALL("<", "DESC")}},
      oldest_first_{{connection, QUEUED(">", "ASC")},
                    {connection, PLACED(">", "ASC")},
                    {connection, IN_WORK(">", "ASC")},
                    {connection, UNSUCCESSFUL(">", "ASC")},
                    {connection, ALL(">", "ASC")}},
      queues_(connection,
              "SELECT DISTINCT c.kind, c.priority, k.name FROM order_counts c"
              " JOIN kinds k ON k.id = c.kind WHERE c.status IN (0, 5) AND c.orders > 0") {}

OrderPage OrderLists::list(const OrderQuery& query) {
    const Snapshot snapshot(connection_);
    return page_of(query, [&](OrderSequence bound, std::size_t limit) {
        return read(true, query.filter, bound, limit);
    });
}

MatchingOrders OrderLists::find_matching(const OrderFilter& filter, OrderSequence after,
                                         std::size_t limit) {
    const Snapshot snapshot(connection_);
    return matching(after, limit, [&](OrderSequence bound, std::size_t rows) {
        return read(false, filter, bound, rows);
    });
}

std::vector<ListedRow> OrderLists::read(bool is_descending, const OrderFilter& filter,
                                        OrderSequence bound, std::size_t limit) {
    Ranges& ranges = is_descending ? newest_first_ : oldest_first_;
    Selection selection{filter, bound, limit, is_descending};
    const auto is_wanted = [&](OrderStatus status) {
        return std::ranges::find(filter.statuses, status) != filter.statuses.end();
    };
    if (filter.statuses.empty() || is_wanted(OrderStatus::processed)) {
        selection.add(ranges.all.query(bound.value, limit));
        return std::move(selection.rows);
    }
    if (is_wanted(OrderStatus::pending)) read_pending(ranges, selection);
    if (is_wanted(OrderStatus::processing)) {
        selection.add(ranges.in_work.query(bound.value, limit));
    }
    for (const StoredStatus status : {StoredStatus::failed, StoredStatus::cancelled}) {
        if (!is_wanted(to_status(status))) continue;
        selection.add(ranges.unsuccessful.query(to_column(status), bound.value, limit));
    }
    return std::move(selection.rows);
}

void OrderLists::read_pending(Ranges& ranges, Selection& selection) {
    const OrderFilter& filter = selection.filter;
    for (Cursor queues = queues_.query(); queues.next();) {
        const auto kind = queues.get<std::int64_t>(0);
        const auto priority = queues.get<std::int64_t>(1);
        if (filter.priority && to_column(*filter.priority) != priority) continue;
        if (filter.kind && filter.kind->name() != queues.get<std::string>(2)) continue;
        for (Statement* const half : {&ranges.queued, &ranges.placed}) {
            selection.add(half->query(kind, priority, selection.bound.value, selection.limit));
        }
    }
}

ListedRow OrderLists::Selection::row_of(const Cursor& found) const {
    ListedRow row{.sequence = {found.get<std::int64_t>(0)}};
    if (fits(filter, found)) row.order = order_from_row(found);
    return row;
}

void OrderLists::Selection::add(Cursor found) {
    const auto middle = static_cast<std::ptrdiff_t>(rows.size());
    while (found.next()) rows.push_back(row_of(found));
    std::inplace_merge(rows.begin(), rows.begin() + middle, rows.end(),
                       [&](const ListedRow& one, const ListedRow& other) {
                           return is_descending ? other.sequence < one.sequence
                                                : one.sequence < other.sequence;
                       });
    if (rows.size() > limit) {
        rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(limit), rows.end());
    }
}

}  // namespace orders::sqlite
