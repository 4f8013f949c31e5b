#include "tests/bench/raw_postgres_orders.h"

#include <utility>

namespace orders::bench {
namespace {

#define TAKEN_OF(priority, after)                                                        \
    "SELECT * FROM (SELECT ctid, priority, position FROM queue WHERE kind = 0"           \
    " AND priority = " priority " AND line = 0 AND position > " after                    \
    " ORDER BY position LIMIT $1 FOR UPDATE SKIP LOCKED) orders_of_" /* a name for it */ \
        priority

}  // namespace

RawPostgresOrders::RawPostgresOrders(const std::string& url) : database_(url) {
    // As the product has it (begin_group() in migrations/postgres), but once for all.
    database_.execute(
        "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;"
        "SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;"
        "SET jit = off");
    database_.prepare(
        "insert",
        "WITH n AS (INSERT INTO orders (order_id, priority, kind, processing_time, created_at,"
        " created_in) SELECT order_id, priority, 0, 1, now_ms(), 0"
        " FROM unnest($1::text[], $2::smallint[]) AS u (order_id, priority)"
        " RETURNING seq, priority),"
        " c AS (INSERT INTO count_changes (kind, priority, state, number)"
        " SELECT 0, priority, 0, count(*) FROM n GROUP BY priority)"
        " INSERT INTO queue (kind, priority, line, position, seq)"
        " SELECT 0, priority, 0, seq, seq FROM n");
    database_.prepare(
        "take",
        "WITH q AS (DELETE FROM queue WHERE ctid = ANY (ARRAY (SELECT ctid FROM (" TAKEN_OF(
            "0", "$2") " UNION ALL " TAKEN_OF("1", "$3")
        ") x LIMIT $1)) RETURNING priority, position, seq),"
        " l AS (INSERT INTO leases (seq, token, position, until, started_at, worker, claimed_in,"
        " backoff_seconds, max_attempts, kind, priority, attempts) SELECT seq, 1, position,"
        " now_ms() + 10000, now_ms(), 1, 0, 1, 1, 0, priority, 1 FROM q),"
        " c AS (INSERT INTO count_changes (kind, priority, state, number)"
        " SELECT 0, priority, state, CASE state WHEN 0 THEN -count(*) ELSE count(*) END"
        " FROM q, (VALUES (0), (1)) AS moved (state) GROUP BY priority, state)"
        " SELECT q.seq, q.priority, q.position, o.order_id, o.processing_time FROM q"
        " JOIN orders o USING (seq) ORDER BY q.priority, q.position");
    database_.prepare(
        "finish",
        "WITH d AS (DELETE FROM leases l USING unnest($1::bigint[]) AS s (seq)"
        " WHERE l.seq = s.seq AND l.token = 1 RETURNING l.*),"
        " u AS (UPDATE orders o SET status = 2, attempts = d.attempts, token = d.token,"
        " worker = d.worker, started_at = d.started_at, finished_at = now_ms()"
        " FROM d WHERE o.seq = d.seq)"
        " INSERT INTO count_changes (kind, priority, state, number)"
        " SELECT 0, priority, state, CASE state WHEN 1 THEN -count(*) ELSE count(*) END"
        " FROM d, (VALUES (1), (2)) AS moved (state) GROUP BY priority, state");
}

void RawPostgresOrders::insert(OrderIds& ids, int orders) {
    RawArray order_ids;
    RawArray priorities;
    for (int i = 0; i < orders; ++i) {
        order_ids.add(ids.next());
        priorities.add(i % 2 == 0 ? "1" : "0");
    }
    database_.send("insert", {order_ids.text(), priorities.text()});
    (void)database_.receive();
}

int RawPostgresOrders::take_turn(int limit) {
    if (has_taken_) database_.send("finish", {std::exchange(taken_, {}).text()});
    database_.send(
        "take", {std::to_string(limit), std::to_string(last_high_), std::to_string(last_normal_)});
    const RawRows taken = std::move(database_.receive().back());
    for (int row = 0; row < taken.size(); ++row) {
        taken_.add(taken.text(row, 0));
        (taken.number(row, 1) == 0 ? last_high_ : last_normal_) = taken.number(row, 2);
    }
    has_taken_ = taken.size() > 0;
    return taken.size();
}

}  // namespace orders::bench
