#include "shared/storage/postgres/lists.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/storage/decisions/list_walk.h"
#include "shared/storage/postgres/columns.h"
#include "shared/storage/postgres/order_rows.h"

namespace orders::postgres {
namespace {

// The ranges of one direction: `beyond` is < or >, `order` is DESC or ASC. $1 is the bound, $2 the
// limit.
#define ALL(beyond, order)                                                                \
    "SELECT " PG_ORDER_COLUMNS " FROM (SELECT * FROM orders.orders x WHERE x.seq " beyond \
    " $1::bigint ORDER BY x.seq " order " LIMIT $2::bigint) o" PG_ORDER_JOINS             \
    " ORDER BY o.seq " order
#define IN_WORK(beyond, order)                                                              \
    "SELECT " PG_ORDER_COLUMNS " FROM (SELECT seq FROM orders.leases x WHERE x.seq " beyond \
    " $1::bigint ORDER BY x.seq " order                                                     \
    " LIMIT $2::bigint) h"                                                                  \
    " JOIN orders.orders o ON o.seq = h.seq" PG_ORDER_JOINS " ORDER BY o.seq " order
#define UNSUCCESSFUL(beyond, order)                                                                \
    "SELECT " PG_ORDER_COLUMNS                                                                     \
    " FROM (SELECT * FROM orders.orders x WHERE x.unsuccessful = $3::smallint"                     \
    " AND x.seq " beyond " $1::bigint ORDER BY x.seq " order " LIMIT $2::bigint) o" PG_ORDER_JOINS \
    " ORDER BY o.seq " order
#define PLACED_IN(table, beyond, order)                    \
    "(SELECT x.seq FROM orders." table                     \
    " x WHERE x.kind = r.kind AND x.priority = r.priority" \
    " AND x.seq " beyond " $1::bigint ORDER BY x.seq " order " LIMIT $2::bigint)"
// Of each kind and priority that has any.
#define PENDING(beyond, order) \
    "SELECT " PG_ORDER_COLUMNS                                                         \
    " FROM (SELECT DISTINCT c.kind, c.priority FROM orders.all_counts"                 \
    " c JOIN orders.kinds k ON k.id = c.kind WHERE c.state IN (0, 5) AND c.number > 0" \
    " AND c.priority = coalesce($3::smallint, c.priority)"                             \
    " AND k.name = coalesce($4::text, k.name)) r CROSS JOIN LATERAL"                   \
    " (" PLACED_IN("queue", beyond, order) " UNION ALL " PLACED_IN("waiting", beyond, order) ") p" \
    " JOIN orders.orders o ON o.seq = p.seq" PG_ORDER_JOINS                                \
    " ORDER BY o.seq " order " LIMIT $2::bigint"

struct Ranges {
    Sql all;
    Sql in_work;
    Sql unsuccessful;
    Sql pending;
};
constexpr Ranges newest_first{ALL("<", "DESC"), IN_WORK("<", "DESC"), UNSUCCESSFUL("<", "DESC"),
                              PENDING("<", "DESC")};
constexpr Ranges oldest_first{ALL(">", "ASC"), IN_WORK(">", "ASC"), UNSUCCESSFUL(">", "ASC"),
                              PENDING(">", "ASC")};

void send_ranges(Connection& connection, const Ranges& ranges, const OrderFilter& filter,
                 OrderSequence bound, std::size_t limit) {
    const auto is_wanted = [&](OrderStatus status) {
        return std::ranges::find(filter.statuses, status) != filter.statuses.end();
    };
    if (filter.statuses.empty() || is_wanted(OrderStatus::processed)) {
        connection.send(ranges.all, bound.value, limit);
        return;
    }
    if (is_wanted(OrderStatus::pending)) {
        const auto priority =
            filter.priority ? std::optional(to_column(*filter.priority)) : std::nullopt;
        std::optional<std::string> kind;
        if (filter.kind) kind = filter.kind->name();
        connection.send(ranges.pending, bound.value, limit, priority, kind);
    }
    if (is_wanted(OrderStatus::processing)) connection.send(ranges.in_work, bound.value, limit);
    if (is_wanted(OrderStatus::failed)) {
        connection.send(ranges.unsuccessful, bound.value, limit, 3);
    }
    if (is_wanted(OrderStatus::cancelled)) {
        connection.send(ranges.unsuccessful, bound.value, limit, 4);
    }
}

// The first `limit` rows beyond the bound, in order, of all ranges.
std::vector<ListedRow> read(Connection& connection, bool is_descending, const OrderFilter& filter,
                            OrderSequence bound, std::size_t limit) {
    send_ranges(connection, is_descending ? newest_first : oldest_first, filter, bound, limit);
    std::vector<ListedRow> rows;
    for (const Rows& range : connection.receive()) {
        for (OrderRow& found : orders_from(range)) {
            ListedRow row{.sequence = found.sequence};
            if (filter.fits(found.order)) row.order = std::move(found.order);
            rows.push_back(std::move(row));
        }
    }
    std::ranges::sort(rows, [&](const ListedRow& one, const ListedRow& other) {
        return is_descending ? other.sequence < one.sequence : one.sequence < other.sequence;
    });
    if (rows.size() > limit) {
        rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(limit), rows.end());
    }
    return rows;
}

}  // namespace

OrderPage list(Connection& connection, const OrderQuery& query) {
    connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    OrderPage page = page_of(query, [&](OrderSequence bound, std::size_t limit) {
        return read(connection, true, query.filter, bound, limit);
    });
    connection.run("COMMIT");
    return page;
}

MatchingOrders find_matching(Connection& connection, const OrderFilter& filter, OrderSequence after,
                             std::size_t limit) {
    connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    MatchingOrders found = matching(after, limit, [&](OrderSequence bound, std::size_t rows) {
        return read(connection, false, filter, bound, rows);
    });
    connection.run("COMMIT");
    return found;
}

}  // namespace orders::postgres
