// The store as its readers see it (order_reader.h).

#include <algorithm>
#include <chrono>
#include <iterator>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>

#include "shared/storage/decisions/report_tally.h"
#include "shared/storage/decisions/worker_texts.h"
#include "shared/storage/postgres/columns.h"
#include "shared/storage/postgres/lists.h"
#include "shared/storage/postgres/order_rows.h"
#include "shared/storage/postgres/report.h"
#include "shared/storage/postgres/roles.h"
#include "shared/storage/postgres/samples.h"
#include "shared/storage/postgres/transaction.h"

namespace orders::postgres {
namespace {

// Since when the longest waiting order of each queue waits: of the first in line, and of some
// behind it, because the clock may have been ahead when the first came. The parameters are those of
// QueuePlaces.
#define OLDEST                                                                                    \
    "SELECT r.kind, r.priority, min(coalesce(o.due_at, o.created_at)) FROM (SELECT k.id AS kind," \
    " p.priority, l.line, CASE l.line WHEN 0 THEN s.after END AS after FROM orders.kinds k"       \
    " CROSS JOIN (VALUES (0), (1)) AS p (priority) CROSS JOIN (VALUES (0), (1)) AS l (line)"      \
    " LEFT JOIN unnest($1::smallint[], $2::smallint[], $3::bigint[])"                             \
    " AS s (kind, priority, after) ON s.kind = k.id AND s.priority = p.priority) r"               \
    " CROSS JOIN LATERAL (SELECT q.seq FROM orders.queue q WHERE q.kind = r.kind"                 \
    " AND q.priority = r.priority AND q.line = r.line"                                            \
    " AND q.position > coalesce(r.after, " PG_BEFORE_ALL                                          \
    ") ORDER BY q.position LIMIT 100) q"                                                          \
    " JOIN orders.orders o ON o.seq = q.seq GROUP BY r.kind, r.priority"

#define ENLISTED                                                                              \
    "WITH l AS MATERIALIZED (SELECT worker, started_at, until"                                \
    " FROM orders.leases_begun_after($1::bigint))"                                            \
    " SELECT w.name, w.host, w.threads, w.started_at, coalesce(h.held, 0), w.kinds,"          \
    " w.endpoints, (SELECT min(started_at) FROM l), w.heartbeat_until, w.lease_time, h.until" \
    " FROM orders.workers w LEFT JOIN (SELECT worker, count(*) AS held, min(until) AS until"  \
    " FROM l GROUP BY worker) h ON h.worker = w.id"                                           \
    " WHERE w.heartbeat_until > orders.now_ms() ORDER BY w.id"

// A report that takes longer than this may have walked over rows of the queue that are gone.
constexpr std::chrono::milliseconds long_report{20};

struct ReportedWorkers {
    std::vector<LiveWorker> workers;
    std::vector<WorkerDescription> descriptions;
    std::vector<EndpointState> endpoints;
};

UtcTime last_seen_at(const Rows& rows, std::size_t row) {
    const std::chrono::milliseconds lease_time{rows.get<std::int64_t>(row, 9)};
    return time_from_column(rows.get<std::int64_t>(row, 8)) - longest_silence(lease_time);
}

ReportedWorkers workers_from(const Rows& rows) {
    ReportedWorkers all;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        all.workers.push_back(
            {.name = rows.get<std::string>(row, 0),
             .host = rows.get<std::string>(row, 1),
             .threads = static_cast<int>(rows.get<std::int64_t>(row, 2)),
             .processing = rows.get<std::int64_t>(row, 4),
             .started_at = time_from_column(rows.get<std::int64_t>(row, 3)),
             .last_seen_at = last_seen_at(rows, row),
             .lease_ends_at = time_from_column(rows.get<std::optional<std::int64_t>>(row, 10))});
        WorkerDescription& description = all.descriptions.emplace_back();
        if (const auto kinds = rows.get<std::optional<std::string>>(row, 5)) {
            description.kinds = kinds_from_text(*kinds);
            if (!description.kinds) throw damaged("read a worker", "one of its kinds is not valid");
        }
        auto endpoints =
            endpoints_from_text(rows.get<std::optional<std::string>>(row, 6).value_or(""));
        if (!endpoints) throw damaged("read a worker", "what it sends orders to is not valid");
        std::ranges::move(*endpoints, std::back_inserter(all.endpoints));
    }
    return all;
}

constexpr std::size_t report_statements = 3;
#define BEGIN_SNAPSHOT "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

void send_report(Connection& connection, Beginnings& beginnings, std::int64_t number) {
    const auto [places_of, priorities, after] = beginnings.queue.settled(number);
    connection.send(
        "SELECT orders.now_ms(), (SELECT min(due_at) FROM orders.waiting WHERE due_at >"
        " $1::bigint), k.id, k.name, k.is_paused, c.priority, c.state, c.number FROM orders.kinds k"
        " FULL JOIN (SELECT * FROM orders.all_counts WHERE state <= 5) c ON c.kind = k.id"
        " ORDER BY k.id",
        beginnings.waiting.begin_look());  // the default kind is always there
    connection.send(OLDEST, places_of, priorities, after);
    connection.send(ENLISTED, beginnings.leases.begin_look());
}

// The rows of a kind follow each other: one for each of its counters, or one if it has none.
void tally_counts(const Rows& rows, ReportTally& tally) {
    std::optional<std::int64_t> last_kind;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        const auto kind = rows.get<std::optional<std::int64_t>>(row, 2);
        if (!kind) throw damaged("read the counters", "one is of no kind");
        if (kind != last_kind) {
            last_kind = kind;
            tally.add_kind(*kind, kind_from_column(rows.get<std::string>(row, 3)),
                           rows.get<bool>(row, 4));
        }
        const auto status = rows.get<std::optional<std::int64_t>>(row, 6);
        if (!status) continue;
        (void)tally.count(*kind, priority_from_column(rows.get<std::int64_t>(row, 5)),
                          static_cast<StoredStatus>(*status), rows.get<std::int64_t>(row, 7));
    }
}

// Of the results of these statements.
void take_report(std::span<const Rows> results, Beginnings& beginnings, OrderReport& report,
                 ReportTally& tally) {
    const Rows& kinds = results[0];
    const auto now = kinds.get<std::int64_t>(0, 0);
    const auto next_due_at = kinds.get<std::optional<std::int64_t>>(0, 1);
    beginnings.waiting.note(now, next_due_at);
    report.taken_at = time_from_column(now);
    report.next_due_at = time_from_column(next_due_at);
    tally_counts(kinds, tally);
    const Rows& oldest = results[1];
    for (std::size_t row = 0; row < oldest.size(); ++row) {
        tally.note_oldest(oldest.get<std::int64_t>(row, 0),
                          priority_from_column(oldest.get<std::int64_t>(row, 1)),
                          time_from_column(oldest.get<std::int64_t>(row, 2)));
    }
    const Rows& enlisted = results[2];
    if (!enlisted.empty()) {
        beginnings.leases.note(now, enlisted.get<std::optional<std::int64_t>>(0, 7));
    }
    ReportedWorkers live = workers_from(enlisted);
    tally.finish([&](const Kind& kind) {
        return std::ranges::any_of(live.descriptions, [&](const WorkerDescription& worker) {
            return takes(worker, kind);
        });
    });
    report.workers = std::move(live.workers);
    report.endpoints = merged(live.endpoints);
}

OrderReport read_report(Connection& connection, Beginnings& beginnings, std::int64_t number) {
    connection.send(BEGIN_SNAPSHOT);
    send_report(connection, beginnings, number);
    connection.send("COMMIT");
    const std::vector<Rows> results = connection.receive();
    OrderReport report;
    ReportTally tally(report);
    take_report(std::span(results).subspan(1, report_statements), beginnings, report, tally);
    return report;
}

// What is counted and measured besides.
void send_figures(Connection& connection) {
    connection.send("SELECT state, kind, priority, number FROM orders.all_counts WHERE state >= 8");
    connection.send(
        "SELECT coalesce(json_object_agg(name, number), '{}')::text FROM orders.metric_sums"
        " UNION ALL SELECT metrics FROM orders.workers"
        " WHERE heartbeat_until IS NOT NULL AND metrics IS NOT NULL"
        " UNION ALL SELECT json_object_agg(k.key, -k.value::float8)::text FROM orders.workers w,"
        " json_each_text(w.metrics_kept::json) k WHERE w.heartbeat_until IS NOT NULL GROUP BY "
        "w.id");
}

Figures sum_of(const Rows& texts) {
    Figures all;
    for (std::size_t row = 0; row < texts.size(); ++row) {
        const auto told = Figures::from_text(texts.get<std::string>(row, 0));
        if (!told) throw damaged("read a worker", "what it has measured is not valid");
        all += *told;
    }
    return all;
}

StoreFigures read_figures(Connection& connection, Beginnings& beginnings, std::int64_t number) {
    connection.send(BEGIN_SNAPSHOT);
    send_report(connection, beginnings, number);
    send_figures(connection);
    connection.send("COMMIT");
    const std::vector<Rows> all = connection.receive();
    const auto results = std::span(all).subspan(1);
    const Rows& totals = results[report_statements];
    StoreFigures figures;
    ReportTally tally(figures.report);
    take_report(results.first(report_statements), beginnings, figures.report, tally);
    for (std::size_t row = 0; row < totals.size(); ++row) {
        if (!tally.add_total(static_cast<Total>(totals.get<std::int64_t>(row, 0)),
                             totals.get<std::int64_t>(row, 1),
                             priority_from_column(totals.get<std::int64_t>(row, 2)),
                             totals.get<std::int64_t>(row, 3))) {
            throw damaged("read the totals", "one is of nothing that is known");
        }
    }
    figures.kinds = tally.kinds();
    figures.actions = tally.actions();
    figures.measured = sum_of(results[report_statements + 1]);
    return figures;
}

// By what sends it and takes its results.
template <typename Report>
Report read(std::string_view operation, Session& session, Beginnings& beginnings,
            Report (*read_it)(Connection&, Beginnings&, std::int64_t)) {
    const SteadyTime began = std::chrono::steady_clock::now();
    Report report = session.read(operation, [&](Connection& connection) {
        return read_it(connection, beginnings, session.connections());
    });
    if (std::chrono::steady_clock::now() - began > long_report) {
        (void)look_for_kinds(session, beginnings.queue);
    }
    return report;
}

}  // namespace

OrderReport make_report(Session& session, Beginnings& beginnings) {
    return read("make a report", session, beginnings, read_report);
}
StoreFigures make_figures(Session& session, Beginnings& beginnings) {
    return read("read figures", session, beginnings, read_figures);
}

namespace {

class PostgresOrderReader final : public OrderReader {
   public:
    explicit PostgresOrderReader(SharedServer server)
        : server_(std::move(server)), session_(*server_) {}

    StoreIdentity identity() override {
        return session_.read("read the store's identity", identity_of);
    }

    std::optional<Order> find(const OrderId& order_id) override {
        return session_.read("read an order", [&](Connection& connection) -> std::optional<Order> {
            connection.send(PG_ORDER_BY_ID, order_id.text());
            connection.send(PG_HISTORY_BY_ID, order_id.text());
            const std::vector<Rows> results = connection.receive();
            auto found = whole_order_from(results.at(0), results.at(1));
            if (!found) return std::nullopt;
            return std::move(found->order);
        });
    }

    std::vector<std::optional<OrderStatus>> statuses_of(
        std::span<const OrderId> order_ids) override {
        Array ids;
        for (const OrderId& order_id : order_ids) ids.add(order_id.text());
        return session_.read("read what has become of orders", [&](Connection& connection) {
            const Rows rows = connection.query(
                "SELECT CASE WHEN o.status = 0 AND l.seq IS NOT NULL THEN 1 ELSE o.status END"
                " FROM unnest($1::text[]) WITH ORDINALITY AS s (order_id, at)"
                " LEFT JOIN orders.orders o ON o.order_id = s.order_id"
                " LEFT JOIN orders.leases l ON l.seq = o.seq AND o.status = 0 ORDER BY s.at",
                ids);
            std::vector<std::optional<OrderStatus>> statuses(rows.size());
            for (std::size_t row = 0; row < rows.size(); ++row) {
                const auto status = rows.get<std::optional<std::int64_t>>(row, 0);
                if (status) statuses[row] = to_status(static_cast<StoredStatus>(*status));
            }
            return statuses;
        });
    }

    OrderPage list(const OrderQuery& query) override {
        return session_.read("list orders", [&](Connection& connection) {
            return postgres::list(connection, query);
        });
    }
    MatchingOrders find_matching(const OrderFilter& filter, OrderSequence after,
                                 std::size_t limit) override {
        return session_.read("find orders", [&](Connection& connection) {
            return postgres::find_matching(connection, filter, after, limit);
        });
    }

    std::vector<Kind> claimable_kinds() override {
        return look_for_kinds(session_, beginnings_.queue);
    }

    OrderReport report() override { return make_report(session_, beginnings_); }
    SampleHistory samples(std::int64_t count) override {
        return session_.read("read samples", [count](Connection& connection) {
            return read_samples(connection, count);
        });
    }
    StoreFigures figures() override {
        StoreFigures figures = make_figures(session_, beginnings_);
        const Rows server = session_.read("read figures of the server", [](Connection& connection) {
            return connection.query(
                "SELECT current_setting('server_version'),"
                " (SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class"
                " WHERE relnamespace = 'orders'::regnamespace AND relkind = 'r')");
        });
        figures.software = "postgresql";
        figures.software_version = server.get<std::string>(0, 0);
        figures.space.database_bytes = server.get<std::int64_t>(0, 1);
        return figures;
    }

    std::vector<EnlistedWorker> enlisted_workers() override {
        return session_.read("look who has signed on", [](Connection& connection) {
            const Rows rows = connection.query(
                "SELECT coalesce(label, ''), pid_namespace, pid,"
                " heartbeat_until > orders.now_ms() FROM orders.workers"
                " WHERE heartbeat_until IS NOT NULL AND NOT pulls ORDER BY id");
            std::vector<EnlistedWorker> workers;
            for (std::size_t row = 0; row < rows.size(); ++row) {
                workers.push_back({.label = rows.get<std::string>(row, 0),
                                   .pid_namespace = rows.get<std::int64_t>(row, 1),
                                   .pid = rows.get<std::int64_t>(row, 2),
                                   .state = rows.get<bool>(row, 3)
                                                ? EnlistedWorker::State::live
                                                : EnlistedWorker::State::silent});
            }
            return workers;
        });
    }

   private:
    const SharedServer server_;
    Session session_;
    Beginnings beginnings_;
};

}  // namespace

std::unique_ptr<OrderReader> open_reader(SharedServer server) {
    return std::make_unique<PostgresOrderReader>(std::move(server));
}

}  // namespace orders::postgres
