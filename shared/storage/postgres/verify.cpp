// Checks what the store promises (maintenance.h), all of it at one moment: that every open order is
// in exactly one place, that no other one is in any, that each place fits its order, that what an
// order names is there, and that the counters equal a recount. What a column may hold, the server
// has checked itself.

#include <cstdint>
#include <string>
#include <utility>

#include "shared/storage/postgres/columns.h"
#include "shared/storage/postgres/errors.h"
#include "shared/storage/postgres/migrations.h"
#include "shared/storage/postgres/roles.h"

namespace orders::postgres {
namespace {

// Each returns a text for one finding, and is told the first few.
#define CHECK(finding) "SELECT f.text, count(*) OVER () FROM (" finding ") AS f (text) LIMIT 5"

// Each is one statement, in pieces of which some are few.
// NOLINTBEGIN(bugprone-suspicious-missing-comma)
constexpr Sql checks[] = {
    CHECK("SELECT 'order ' || o.order_id || ' is open and stands in ' || (SELECT count(*) FROM"
          " (SELECT FROM orders.queue q WHERE q.seq = o.seq UNION ALL SELECT FROM orders.waiting t"
          " WHERE t.seq = o.seq UNION ALL SELECT FROM orders.leases l WHERE l.seq = o.seq) p)"
          " || ' places' FROM orders.orders o LEFT JOIN (SELECT seq, count(*) AS places FROM"
          " (SELECT seq FROM orders.queue UNION ALL SELECT seq FROM orders.waiting"
          " UNION ALL SELECT seq FROM orders.leases) a GROUP BY seq) a ON a.seq = o.seq"
          " WHERE o.status = 0 AND coalesce(a.places, 0) <> 1"),
    CHECK("SELECT 'a place is kept for order number ' || p.seq || ', which is not open' FROM"
          " (SELECT seq FROM orders.queue UNION ALL SELECT seq FROM orders.waiting"
          " UNION ALL SELECT seq FROM orders.leases) p LEFT JOIN orders.orders o ON o.seq = p.seq"
          " WHERE o.status IS DISTINCT FROM 0"),
    CHECK("SELECT 'order ' || o.order_id || ' does not stand where it should in the queue'"
          " FROM orders.queue q JOIN orders.orders o ON o.seq = q.seq WHERE (q.kind, q.priority,"
          " q.position) IS DISTINCT FROM (o.kind, o.priority, coalesce(o.position, o.seq))"),
    CHECK("SELECT 'order ' || o.order_id || ' waits for another time than it has'"
          " FROM orders.waiting t JOIN orders.orders o ON o.seq = t.seq WHERE (t.kind, t.priority,"
          " t.due_at) IS DISTINCT FROM (o.kind, o.priority, o.due_at)"),
    CHECK("SELECT 'the lease of order ' || o.order_id || ' does not fit it' FROM orders.leases l"
          " JOIN orders.orders o ON o.seq = l.seq WHERE (l.kind, l.priority)"
          " IS DISTINCT FROM (o.kind, o.priority) OR l.token <= o.token"),
    CHECK("SELECT 'order ' || o.order_id || ' is of a kind that is not known'"
          " FROM orders.orders o WHERE NOT EXISTS (SELECT FROM orders.kinds k"
          " WHERE k.id = o.kind)"),
    CHECK("SELECT 'worker number ' || n.worker || ' is named and not known' FROM (SELECT worker"
          " FROM orders.orders WHERE worker IS NOT NULL UNION SELECT worker FROM orders.leases"
          " UNION SELECT worker FROM orders.past_attempts) n WHERE NOT EXISTS (SELECT"
          " FROM orders.workers w WHERE w.id = n.worker)"),
    CHECK("SELECT 'something is kept for order number ' || c.seq || ', which is not there' FROM"
          " (SELECT seq FROM orders.order_inputs UNION SELECT seq FROM orders.order_results"
          " UNION SELECT seq FROM orders.past_attempts UNION SELECT seq"
          " FROM orders.order_actions) c WHERE NOT EXISTS (SELECT"
          " FROM orders.orders o WHERE o.seq = c.seq)"),
    CHECK("SELECT 'the counter of kind ' || kind || ', priority ' || priority || ', state '"
          " || state || ' is ' || coalesce(c.number, 0) || ' instead of ' || coalesce(r.number, 0)"
          " FROM (SELECT * FROM orders.all_counts WHERE state <= 6) c FULL JOIN"
          " (SELECT o.kind, o.priority, CASE WHEN o.status <> 0 THEN o.status"
          " WHEN EXISTS (SELECT FROM orders.leases l WHERE l.seq = o.seq) THEN 1"
          " WHEN EXISTS (SELECT FROM orders.waiting t WHERE t.seq = o.seq) THEN 5 ELSE 0 END"
          " AS state, count(*) AS number FROM orders.orders o GROUP BY 1, 2, 3"
          " UNION ALL SELECT 0, 0, 6, sum(bytes) FROM (SELECT octet_length(payload) AS bytes"
          " FROM orders.order_inputs UNION ALL SELECT octet_length(result)"
          " FROM orders.order_results) b) r USING (kind, priority, state)"
          " WHERE coalesce(c.number, 0) <> coalesce(r.number, 0)"),
    CHECK("SELECT 'total ' || state || ' of kind ' || kind || ' is ' || number"
          " FROM orders.all_counts WHERE state >= 7 AND (state IN (14, 15) OR state > 31"
          " OR (number < 0 AND state <> 13))"),
    CHECK("SELECT 'the sum ' || name || ' of what was measured is ' || number"
          " FROM orders.metric_sums WHERE number NOT BETWEEN 0 AND 1e300"),
    CHECK("SELECT 'changes are missing in between others' FROM orders.changes"
          " HAVING max(id) - min(id) + 1 <> count(*)"),
};
// NOLINTEND(bugprone-suspicious-missing-comma)

#undef CHECK

StatusCounts recount(Connection& connection) {
    const Rows rows = connection.query(
        "SELECT CASE WHEN o.status <> 0 THEN o.status WHEN l.seq IS NOT NULL THEN 1 ELSE 0 END,"
        " count(*) FROM orders.orders o LEFT JOIN orders.leases l ON l.seq = o.seq GROUP BY 1");
    StatusCounts counts;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        counts[static_cast<OrderStatus>(rows.get<std::int64_t>(row, 0))] =
            rows.get<std::int64_t>(row, 1);
    }
    return counts;
}

}  // namespace

Verification verify(const ServerUrl& url) {
    try {
        Connection connection(url);
        require_newest_schema(connection, embedded_migrations());
        connection.wait_without_limit();
        connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        // Each looks at whole tables, once; the server may know no better by its statistics.
        connection.run(
            "SELECT set_config('enable_nestloop', 'off', true), set_config('jit', 'off', true),"
            " set_config('statement_timeout', '0', true)");
        Verification verification{.orders = recount(connection), .examples = {}};
        for (const Sql& check : checks) {
            const Rows found = connection.query(check);
            if (found.empty()) continue;
            verification.findings += found.get<std::int64_t>(0, 1);
            for (std::size_t row = 0; row < found.size(); ++row) {
                verification.examples.push_back(found.get<std::string>(row, 0));
            }
        }
        connection.run("COMMIT");
        return verification;
    } catch (const ServerError& error) {
        throw to_store_error(error, "verify the orders");
    }
}

}  // namespace orders::postgres
