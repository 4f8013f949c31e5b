#include "shared/storage/sqlite/order_queries.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "shared/storage/sqlite/columns.h"

namespace orders::sqlite {
namespace {

// How many rows one call of list() looks at, at most: a few milliseconds. If it has found none that
// match by then, it goes on for longer, because people take an empty page for an empty list.
constexpr std::int64_t rows_per_page = 10'000;
constexpr std::int64_t rows_per_empty_page = 100'000;

// What order_from_row() reads. A Processing order has its worker and start in its lease.
#define ORDER_COLUMNS                                                                       \
    "SELECT o.seq, o.order_id, o.priority, o.processing_time, o.status, o.attempts, "       \
    "o.created_at, coalesce(o.started_at, l.started_at), o.finished_at, w.name, o.failure " \
    "FROM "
#define LEASE_AND_WORKER                   \
    " LEFT JOIN leases l ON l.seq = o.seq" \
    " LEFT JOIN workers w ON w.id = coalesce(o.worker, l.worker)"

Order order_from_row(const Cursor& row) {
    return Order{
        .spec = spec_from_row(row, 1),
        .status = status_from_column(row.get<std::int64_t>(4)),
        .attempts = static_cast<int>(row.get<std::int64_t>(5)),
        .created_at = time_from_column(row.get<std::int64_t>(6)),
        .started_at = time_from_column(row.get<std::optional<std::int64_t>>(7)),
        .finished_at = time_from_column(row.get<std::optional<std::int64_t>>(8)),
        .worker = row.get<std::optional<std::string>>(9),
        .failure = row.get<std::optional<std::string>>(10),
    };
}

// The queue has two parts, each in the order of arrival.
#define NEWEST_PENDING_OF(priority)                                     \
    ORDER_COLUMNS "orders o INDEXED BY orders_pending" LEASE_AND_WORKER \
                  " WHERE o.status = 0 AND o.seq < ?1 AND o.priority = " priority

// A read transaction. One that fails to end would keep the log alive, so it ends in any case.
class Snapshot {
   public:
    Snapshot(Statement& begin, Statement& end) : end_(end) { begin.run(); }
    ~Snapshot() {
        try {
            end_.run();
        } catch (const std::exception&) {  // the connection is broken; its next use says so
        }
    }
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;

   private:
    Statement& end_;
};

}  // namespace

OrderQueries::OrderQueries(Connection& connection)
    : begin_(connection, "BEGIN"),
      end_(connection, "COMMIT"),
      find_(connection, ORDER_COLUMNS "orders o" LEASE_AND_WORKER " WHERE o.order_id = ?"),
      newest_(connection,
              ORDER_COLUMNS "orders o" LEASE_AND_WORKER " WHERE o.seq < ? ORDER BY o.seq DESC"),
      newest_pending_(connection, NEWEST_PENDING_OF("0") " UNION ALL " NEWEST_PENDING_OF(
                                      "1") " ORDER BY 1 DESC"),
      newest_pending_of_priority_(connection, NEWEST_PENDING_OF("?2") " ORDER BY o.seq DESC"),
      newest_processing_(connection, ORDER_COLUMNS
                         "leases l CROSS JOIN orders o ON o.seq = l.seq"
                         " JOIN workers w ON w.id = l.worker"
                         " WHERE l.seq < ? ORDER BY l.seq DESC"),
      newest_failed_(connection, ORDER_COLUMNS "orders o INDEXED BY orders_failed" LEASE_AND_WORKER
                                               " WHERE o.status = 3 AND o.seq < ?"
                                               " ORDER BY o.seq DESC"),
      counts_(connection, "SELECT priority, status, orders FROM order_counts"),
      oldest_pending_(connection,
                      "SELECT min(created_at) FROM"
                      " (SELECT created_at FROM orders INDEXED BY orders_pending"
                      " WHERE status = 0 AND priority = ? ORDER BY seq LIMIT 100)"),
      held_(connection, "SELECT count(*) FROM leases WHERE worker = ?"),
      signs_(connection) {}

std::optional<Order> OrderQueries::find(const OrderId& order_id) {
    Cursor rows = find_.query(order_id.text());
    if (!rows.next()) return std::nullopt;
    return order_from_row(rows);
}

Cursor OrderQueries::newest_first(const OrderQuery& query) {
    constexpr std::int64_t after_the_newest = INT64_MAX;
    const std::int64_t before = query.before ? query.before->value : after_the_newest;
    if (query.status == OrderStatus::pending && query.priority) {
        return newest_pending_of_priority_.query(before, to_column(*query.priority));
    }
    if (query.status == OrderStatus::pending) return newest_pending_.query(before);
    if (query.status == OrderStatus::processing) return newest_processing_.query(before);
    if (query.status == OrderStatus::failed) return newest_failed_.query(before);
    return newest_.query(before);
}

OrderPage OrderQueries::list(const OrderQuery& query) {
    OrderPage page;
    Cursor rows = newest_first(query);
    OrderSequence last_kept;
    OrderSequence last_seen;
    for (std::int64_t seen = 0; rows.next(); ++seen) {
        if (seen >= (page.orders.empty() ? rows_per_empty_page : rows_per_page)) {
            page.next_before = last_seen;
            return page;
        }
        last_seen.value = rows.get<std::int64_t>(0);
        const auto priority = priority_from_column(rows.get<std::int64_t>(2));
        const auto status = status_from_column(rows.get<std::int64_t>(4));
        if (query.priority.value_or(priority) != priority) continue;
        if (query.status.value_or(status) != status) continue;
        if (page.orders.size() == query.limit) {
            page.next_before = last_kept;  // there is more
            return page;
        }
        page.orders.push_back(order_from_row(rows));
        last_kept = last_seen;
    }
    return page;
}

OrderReport OrderQueries::report(const Moment& now) {
    const Snapshot snapshot(begin_, end_);  // one for all of the report

    OrderReport report;
    report.taken_at = now.utc;
    for (Cursor rows = counts_.query(); rows.next();) {
        StatusCounts& counts = priority_from_column(rows.get<std::int64_t>(0)) == Priority::high
                                   ? report.high
                                   : report.normal;
        counts[status_from_column(rows.get<std::int64_t>(1))] = rows.get<std::int64_t>(2);
    }
    for (const Priority priority : all_priorities) {
        // Of the first in line, and of some behind it, because the wall clock may have been ahead
        // when the first was created.
        Cursor rows = oldest_pending_.query(to_column(priority));
        rows.next();
        const auto created_at = time_from_column(rows.get<std::optional<std::int64_t>>(0));
        if (!created_at) continue;
        report.oldest_pending = std::min(*created_at, report.oldest_pending.value_or(*created_at));
    }
    for (KnownWorker& worker : signs_.look(now)) {
        if (worker.life != Life::live) continue;
        Cursor held = held_.query(worker.id.value);
        held.next();
        report.workers.push_back({.name = std::move(worker.description.name),
                                  .host = std::move(worker.description.host),
                                  .threads = worker.description.threads,
                                  .processing = held.get<std::int64_t>(0),
                                  .started_at = worker.started_at});
    }
    return report;
}

std::vector<EnlistedWorker> OrderQueries::enlisted_workers(const Moment& now) {
    std::vector<EnlistedWorker> workers;
    for (KnownWorker& worker : signs_.look(now)) {
        const auto state = is_gone(worker.life)        ? EnlistedWorker::State::dead
                           : worker.life == Life::live ? EnlistedWorker::State::live
                                                       : EnlistedWorker::State::silent;
        workers.push_back({.label = std::move(worker.description.label),
                           .pid_namespace = worker.description.pid_namespace,
                           .pid = worker.description.pid,
                           .state = state});
    }
    return workers;
}

}  // namespace orders::sqlite
