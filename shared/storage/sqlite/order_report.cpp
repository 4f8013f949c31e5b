#include "shared/storage/sqlite/order_report.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "shared/storage/decisions/worker_texts.h"
#include "shared/storage/sqlite/columns.h"
#include "shared/storage/sqlite/errors.h"
#include "shared/storage/sqlite/snapshot.h"

namespace orders::sqlite {
ReportQueries::ReportQueries(Connection& connection)
    : connection_(connection),
      kinds_(connection),
      counts_(connection, "SELECT kind, priority, status, orders FROM order_counts"),
      totals_(connection, "SELECT total, kind, priority, number FROM order_totals"),
      metrics_(connection,
               "SELECT json_group_object(name, number) FROM metric_sums UNION ALL"
               " SELECT metrics FROM workers INDEXED BY workers_enlisted"
               " WHERE heartbeat_until IS NOT NULL AND pulls = 0 AND metrics IS NOT NULL"),
      // Of the first in line, and of some behind it, because the wall clock may have been ahead
      // when the first came.
      oldest_(connection,
              "SELECT min(coalesce(due_at, created_at)) FROM"
              " (SELECT * FROM (SELECT due_at, created_at FROM orders INDEXED BY orders_queue"
              "  WHERE status = 0 AND place IS NULL AND kind = ?1 AND priority = ?2"
              "  ORDER BY seq LIMIT 100)"
              "  UNION ALL SELECT * FROM"
              "  (SELECT due_at, created_at FROM orders INDEXED BY orders_requeued"
              "  WHERE status = 0 AND place IS NOT NULL AND kind = ?1 AND priority = ?2"
              "  ORDER BY place LIMIT 100))"),
      next_due_(connection,
                "SELECT due_at FROM orders INDEXED BY orders_due WHERE status = 5"
                " ORDER BY due_at LIMIT 1"),
      held_(connection, "SELECT count(*), min(expires_at) FROM leases WHERE worker = ?"),
      endpoints_(connection, "SELECT endpoints FROM workers WHERE id = ?"),
      signs_(connection) {}

OrderReport ReportQueries::report(const Moment& now) {
    const Snapshot snapshot(connection_);  // one for all of the report
    OrderReport report;
    ReportTally tally(report);
    read(now, report, tally);
    return report;
}

StoreFigures ReportQueries::figures(const Moment& now) {
    const Snapshot snapshot(connection_);
    StoreFigures figures;
    ReportTally tally(figures.report);
    read(now, figures.report, tally);
    for (Cursor rows = totals_.query(); rows.next();) {
        if (!tally.add_total(
                static_cast<Total>(rows.get<std::int64_t>(0)), rows.get<std::int64_t>(1),
                priority_from_column(rows.get<std::int64_t>(2)), rows.get<std::int64_t>(3))) {
            throw damaged("read the totals", "one is of nothing that is known");
        }
    }
    figures.kinds = tally.kinds();
    figures.actions = tally.actions();
    figures.measured = measured();
    return figures;
}

Figures ReportQueries::measured() {
    Figures all;
    for (Cursor rows = metrics_.query(); rows.next();) {
        const auto told = Figures::from_text(rows.get<std::string>(0));
        if (!told) throw damaged("read a worker", "what it has measured is not valid");
        all += *told;
    }
    return all;
}

void ReportQueries::read(const Moment& now, OrderReport& report, ReportTally& tally) {
    report.taken_at = now.utc;
    const std::vector<KnownWorker> live = live_workers(now);
    for (const KnownWorker& worker : live) report.workers.push_back(to_report(worker, now));
    report.endpoints = endpoints_of(live);
    if (Cursor rows = next_due_.query(); rows.next()) {
        report.next_due_at = time_from_column(rows.get<std::int64_t>(0));
    }
    for (const KnownKind& kind : kinds_.all()) tally.add_kind(kind.id, kind.kind, kind.is_paused);
    for (Cursor rows = counts_.query(); rows.next();) {
        const auto kind = rows.get<std::int64_t>(0);
        const Priority priority = priority_from_column(rows.get<std::int64_t>(1));
        const StoredStatus status = status_from_column(rows.get<std::int64_t>(2));
        const auto orders = rows.get<std::int64_t>(3);
        if (!tally.count(kind, priority, status, orders)) {
            throw damaged("read the counters", "one is of no kind");
        }
        if (status == StoredStatus::queued && orders > 0) {
            tally.note_oldest(kind, priority, oldest_in_line(kind, priority));
        }
    }
    tally.finish([&](const Kind& kind) {
        return std::ranges::any_of(
            live, [&](const KnownWorker& worker) { return takes(worker.description, kind); });
    });
}

std::optional<UtcTime> ReportQueries::oldest_in_line(std::int64_t kind, Priority priority) {
    Cursor rows = oldest_.query(kind, to_column(priority));
    rows.next();
    return time_from_column(rows.get<std::optional<std::int64_t>>(0));
}

std::vector<KnownWorker> ReportQueries::live_workers(const Moment& now) {
    std::vector<KnownWorker> workers = signs_.look(now);
    std::erase_if(workers, [](const KnownWorker& worker) { return worker.life != Life::live; });
    return workers;
}

LiveWorker ReportQueries::to_report(const KnownWorker& worker, const Moment& now) {
    Cursor held = held_.query(worker.id.value);
    held.next();
    LiveWorker live{.name = worker.description.name,
                    .host = worker.description.host,
                    .threads = worker.description.threads,
                    .processing = held.get<std::int64_t>(0),
                    .started_at = worker.started_at};
    if (!worker.silent_for) return live;
    live.last_seen_at = now.utc - *worker.silent_for;
    if (const auto first_end = held.get<std::optional<std::int64_t>>(1)) {
        live.lease_ends_at = now.utc + (std::chrono::milliseconds(*first_end) - now.since_boot);
    }
    return live;
}

std::vector<EndpointState> ReportQueries::endpoints_of(const std::vector<KnownWorker>& workers) {
    std::vector<EndpointState> endpoints;
    for (const KnownWorker& worker : workers) {
        if (worker.pulls) continue;  // it tells of none
        Cursor row = endpoints_.query(worker.id.value);
        row.next();
        std::ranges::move(endpoints_from_column(row.get<std::optional<std::string>>(0)),
                          std::back_inserter(endpoints));
    }
    return merged(endpoints);
}

std::vector<EnlistedWorker> ReportQueries::enlisted_workers(const Moment& now) {
    std::vector<EnlistedWorker> workers;
    for (KnownWorker& worker : signs_.look(now)) {
        if (worker.pulls) continue;  // it is no process of ours
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
