#include "shared/storage/postgres/settlements.h"

#include <algorithm>
#include <set>
#include <string>
#include <variant>

#include "shared/storage/postgres/columns.h"
#include "shared/storage/postgres/values.h"

namespace orders::postgres {
namespace {

// Orders that were in work, as `d`, which has all columns of leases: what belongs to the end of
// each attempt. The states from and to are those of orders.counts.
#define NOTE_NAMED                                                                              \
    " named AS (UPDATE orders.workers w SET named_up_to = CASE WHEN w.heartbeat_until IS NULL"  \
    " THEN greatest(w.named_up_to, e.seq) ELSE 9223372036854775807 END"                         \
    " FROM (SELECT worker, max(seq) AS seq FROM d GROUP BY worker) e"                           \
    " WHERE w.id = e.worker AND w.named_up_to < CASE WHEN w.heartbeat_until IS NULL THEN e.seq" \
    " ELSE 9223372036854775807 END)"
#define KEEP_ATTEMPT(outcome, reason, detail, which)                                           \
    " kept AS (INSERT INTO orders.past_attempts (seq, token, worker, started_at, ended_at,"    \
    " outcome, reason, detail) SELECT seq, token, worker, started_at,"                         \
    " greatest(orders.now_ms(), started_at), " outcome ", " reason ", " detail " FROM d" which \
    " ), dropped AS (DELETE FROM orders.past_attempts p USING d"                               \
    " WHERE d.token > 100 AND p.seq = d.seq AND p.token <= d.token - 100)"
// A row for each state that orders leave, and for each that they come to.
#define COUNT_MOVES(from, to, table)                                                \
    " counted AS (INSERT INTO orders.count_changes (kind, priority, state, number)" \
    " SELECT kind, priority, " from ", -count(*) FROM " table                       \
    " GROUP BY 1, 2, 3"                                                             \
    " UNION ALL SELECT kind, priority, " to ", count(*) FROM " table " GROUP BY 1, 2, 3)"
// What is counted of attempts that did not succeed, and of orders that are Failed: by the numbers
// of decisions/order_totals.h, of the kind of each row of the table. `which` begins with WHERE, if
// it is not empty.
#define COUNT_TOTALS(parts) \
    " totals AS (INSERT INTO orders.count_changes (kind, priority, state, number) " parts ")"
#define TOTAL(total, table, which) \
    "SELECT kind, 0, " total ", count(*) FROM " table which " GROUP BY 1, 3"
#define TOTALS_OF_FAILED(reason, which)                \
    TOTAL("orders.failed_for(" reason ")", "d", which) \
    " UNION ALL " TOTAL("orders.ended_by(" reason ")", "d", which)
#define BACK_INTO_QUEUE(which)                                                   \
    " queued AS (INSERT INTO orders.queue (kind, priority, line, position, seq)" \
    " SELECT kind, priority, 1, position, seq FROM d" which ")"

// Those of the leases `s` that are still held.
#define TAKE_LEASES "DELETE FROM orders.leases l USING s WHERE " PG_IS_HELD

#define SETTLE_ENDS                                                                         \
    "WITH s AS (SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[]," \
    " $5::text[], $6::text[]) AS s (seq, token, at, reason, detail, result)),"              \
    " d AS (" TAKE_LEASES                                                                   \
    " RETURNING l.*, s.reason, s.detail, s.result, s.at,"                                   \
    " CASE WHEN s.reason IS NULL THEN 2 ELSE 3 END AS state),"                              \
    " ended AS (UPDATE orders.orders o SET status = d.state, attempts = d.attempts,"        \
    " token = d.token, worker = d.worker, started_at = d.started_at,"                       \
    " finished_at = greatest(orders.now_ms(), d.started_at), failure = d.reason"            \
    " FROM d WHERE o.seq = d.seq),"

#define SETTLED_ENDS                                            \
    COUNT_MOVES("1", "state", "d")                              \
    "," NOTE_NAMED "," PG_CHANGED("d", "c.state", "c.attempts", \
                                  "c.reason") " SELECT at, " PG_RING_FOR_ENDS " FROM d"

// What came of few orders is written by a statement that others need not pay for.
#define KEEP_RESULTS                                                                      \
    " results AS (INSERT INTO orders.order_results (seq, detail, result)"                 \
    " SELECT seq, detail, result FROM d WHERE detail IS NOT NULL OR result IS NOT NULL)," \
    " bytes AS (INSERT INTO orders.count_changes (kind, priority, state, number)"         \
    " SELECT 0, 0, 6, sum(octet_length(result)) FROM d HAVING sum(octet_length(result)) > 0),"

// Nor for this.
#define COUNT_FAILED COUNT_TOTALS(TOTALS_OF_FAILED("reason", " WHERE state = 3")) ","

// To be tried again; or Failed, if it was the last attempt. The wait is that of backoff.h.
#define SETTLE_RETRIES \
    "WITH s AS (SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[],"       \
    " $5::text[], $6::bigint[], $7::float8[])"                                                    \
    " AS s (seq, token, at, reason, detail, asked, chance)),"                                     \
    " d AS (" TAKE_LEASES                                                                         \
    " RETURNING l.*, s.reason, s.detail, NULL::text AS result, s.at,"                             \
    " CASE WHEN l.attempts < l.max_attempts THEN 5 ELSE 3 END AS state,"                          \
    " orders.now_ms() + greatest(coalesce(s.asked, 0), orders.retry_wait(l.backoff_seconds,"      \
    " l.attempts, s.chance)) AS due),"                                                            \
    " waits AS (INSERT INTO orders.waiting (seq, due_at, kind, priority)"                         \
    " SELECT seq, due, kind, priority FROM d WHERE state = 5),"                                   \
    " moved AS (UPDATE orders.orders o SET attempts = d.attempts, token = d.token,"               \
    " due_at = d.due, position = NULL FROM d WHERE o.seq = d.seq AND d.state = 5),"               \
    " ended AS (UPDATE orders.orders o SET status = 3, attempts = d.attempts, token = d.token,"   \
    " worker = d.worker, started_at = d.started_at,"                                              \
    " finished_at = greatest(orders.now_ms(), d.started_at), failure = d.reason"                  \
    " FROM d WHERE o.seq = d.seq AND d.state = 3),"                                               \
    " results AS (INSERT INTO orders.order_results (seq, detail)"                                 \
    " SELECT seq, detail FROM d WHERE detail IS NOT NULL AND state = 3)," KEEP_ATTEMPT(           \
        "0", "reason", "detail",                                                                  \
        " WHERE state = 5") ","                                                                   \
    COUNT_TOTALS(TOTAL("25", "d", " WHERE state = 5") " UNION ALL "                               \
                 TOTALS_OF_FAILED("reason", " WHERE state = 3")) ","                              \
    COUNT_MOVES("1", "state", "d") "," NOTE_NAMED "," PG_CHANGED("d", "CASE c.state WHEN 5 THEN 0 ELSE 3 END", "c.attempts", "CASE c.state WHEN 3 THEN c.reason END") \
                                                               " SELECT at, CASE WHEN state = 3 " \
                                                               "THEN " PG_RING_FOR_ENDS           \
                                                               " END FROM d"

#define IN_LEASES(which)                                                              \
    "WITH s AS (SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS s (seq, token))," \
    " d AS (" TAKE_LEASES " RETURNING l.*)," which

// The places of open orders, which are taken from them: as `g`, with what their leases say.
#define TAKE_PLACES(places)                                                        \
    "WITH o AS (SELECT seq, kind, priority, coalesce(position, seq) AS place"      \
    " FROM orders.orders WHERE seq = ANY ($1::bigint[]) AND status = 0),"          \
    " q AS (DELETE FROM orders.queue q USING o WHERE " PG_IN_QUEUE                 \
    " RETURNING q.seq),"                                                           \
    " t AS (DELETE FROM orders.waiting t USING o WHERE t.seq = ANY (ARRAY[o.seq])" \
    " RETURNING t.seq)," places

Sql settle_ends(bool has_results, bool has_failures) {
    if (!has_failures) {
        if (!has_results) return SETTLE_ENDS SETTLED_ENDS;
        return SETTLE_ENDS KEEP_RESULTS SETTLED_ENDS;
    }
    if (!has_results) return SETTLE_ENDS COUNT_FAILED SETTLED_ENDS;
    return SETTLE_ENDS KEEP_RESULTS COUNT_FAILED SETTLED_ENDS;
}

std::optional<std::string> text_or_nothing(const std::string& text) {
    if (text.empty()) return std::nullopt;
    return storable(text);
}

struct LeaseArrays {
    Array orders;
    Array tokens;
    void add(const Lease& lease) {
        orders.add(lease.order.value);
        tokens.add(lease.token);
    }
};

}  // namespace

Settlements::Settlements(Transaction& transaction, std::span<const Settlement> settlements,
                         Chance& chance)
    : count_(settlements.size()) {
    struct Settled {
        LeaseArrays leases;
        Array at;
        Array reasons;
        Array details;
        void add(const Lease& lease, std::size_t place) {
            leases.add(lease);
            at.add(place);
        }
    };
    Settled ended;
    Array results;
    bool has_results = false;
    bool has_failures = false;
    Settled retried;
    Array waits;
    Array chances;
    std::set<Lease> named;
    for (std::size_t at = 0; at < settlements.size(); ++at) {
        const auto& [lease, result] = settlements[at];
        if (!named.insert(lease).second) continue;  // the first one settles it
        if (const auto* retry = std::get_if<Retry>(&result)) {
            retried.add(lease, at);
            retried.reasons.add(retry->reason);
            retried.details.add(text_or_nothing(retry->detail));
            const auto wait = asked_wait(*retry);
            waits.add(wait ? std::optional(wait->count()) : std::nullopt);
            chances.add(std::to_string(chance()));
            continue;
        }
        ended.add(lease, at);
        if (const auto* failure = std::get_if<Failure>(&result)) {
            const auto detail = text_or_nothing(failure->detail);
            ended.reasons.add(failure->reason);
            ended.details.add(detail);
            results.add(std::nullopt);
            has_results |= detail.has_value();
            has_failures = true;
        } else {
            const JsonText& text = std::get<Completed>(result).result;
            ended.reasons.add(std::nullopt);
            ended.details.add(std::nullopt);
            results.add(text ? std::optional<std::string_view>(*text) : std::nullopt);
            has_results |= text != nullptr;
        }
    }
    has_ends_ = !ended.at.is_empty();
    has_retries_ = !retried.at.is_empty();
    if (has_ends_) {
        transaction.send(settle_ends(has_results, has_failures), ended.leases.orders,
                         ended.leases.tokens, ended.at, ended.reasons, ended.details, results);
    }
    if (has_retries_) {
        transaction.send(SETTLE_RETRIES, retried.leases.orders, retried.leases.tokens, retried.at,
                         retried.reasons, retried.details, waits, chances);
    }
}

std::vector<SettleOutcome> Settlements::outcomes(const std::vector<Rows>& results,
                                                 std::size_t& next) const {
    std::vector<SettleOutcome> outcomes(count_, SettleOutcome::lease_lost);
    for (int statements = int{has_ends_} + int{has_retries_}; statements > 0; --statements) {
        const Rows& rows = results.at(next++);
        for (std::size_t row = 0; row < rows.size(); ++row) {
            const auto at = static_cast<std::size_t>(rows.get<std::int64_t>(row, 0));
            outcomes.at(at) = SettleOutcome::settled;
        }
    }
    return outcomes;
}

std::size_t count_settled(const std::vector<SettleOutcome>& outcomes) {
    return static_cast<std::size_t>(std::ranges::count(outcomes, SettleOutcome::settled));
}

void send_releases(Transaction& transaction, std::span<const Lease> leases) {
    LeaseArrays arrays;
    for (const Lease& lease : leases) arrays.add(lease);
    transaction.send(
        IN_LEASES(
            // It has begun in time, even if that is not charged.
            " moved AS (UPDATE orders.orders o SET attempts = d.attempts - 1, token = d.token,"
            " position = nullif(d.position, o.seq), start_before = NULL"
            " FROM d WHERE o.seq = d.seq),")
            BACK_INTO_QUEUE("") "," COUNT_TOTALS(TOTAL("27", "d", "")) "," KEEP_ATTEMPT(
                "2", "NULL", "NULL",
                "") "," COUNT_MOVES("1", "0", "d") "," NOTE_NAMED
                                                   "," PG_CHANGED(
                                                       "d", "0", "c.attempts - 1",
                                                       "NULL") " SELECT seq, " PG_RING_FOR_WORK
                                                               " FROM d",
        arrays.orders, arrays.tokens);
}

void send_take_back(Transaction& transaction, std::int64_t begun_after, std::size_t limit) {
    transaction.send(
        "WITH d AS (DELETE FROM orders.leases l WHERE l.ctid = ANY (ARRAY (SELECT ctid"
        " FROM orders.leases WHERE until <= orders.now_ms() AND started_at > $2::bigint"
        " ORDER BY seq LIMIT $1::bigint"
        " FOR UPDATE SKIP LOCKED)) RETURNING l.*,"
        " CASE WHEN l.deadline <= orders.now_ms() THEN 'timeout'"
        " WHEN l.attempts >= l.max_attempts THEN 'attempts_exhausted' END AS failure),"
        " ended AS (UPDATE orders.orders o SET status = 3, attempts = d.attempts, token = d.token,"
        " worker = d.worker, started_at = d.started_at,"
        " finished_at = greatest(orders.now_ms(), d.started_at), failure = d.failure"
        " FROM d WHERE o.seq = d.seq AND d.failure IS NOT NULL),"
        " moved AS (UPDATE orders.orders o SET attempts = d.attempts, token = d.token,"
        " position = nullif(d.position, o.seq), start_before = NULL"
        " FROM d WHERE o.seq = d.seq AND d.failure IS NULL),"
        BACK_INTO_QUEUE(" WHERE failure IS NULL") ","
        KEEP_ATTEMPT("1", "NULL", "NULL", " WHERE failure IS NULL") ","
        COUNT_TOTALS(TOTAL("26", "d", " WHERE failure IS NULL") " UNION ALL "
                     TOTALS_OF_FAILED("failure", " WHERE failure IS NOT NULL")) ","
        COUNT_MOVES("1", "CASE WHEN failure IS NULL THEN 0 ELSE 3 END", "d") "," NOTE_NAMED ","
        PG_CHANGED("d", "CASE WHEN c.failure IS NULL THEN 0 ELSE 3 END", "c.attempts", "c.failure")
        " SELECT o.order_id, w.name, d.attempts, d.failure,"
        " CASE WHEN d.failure IS NULL THEN " PG_RING_FOR_WORK " END,"
        " CASE WHEN d.failure IS NOT NULL THEN " PG_RING_FOR_ENDS " END"
        " FROM d JOIN orders.orders o ON o.seq = d.seq JOIN orders.workers w ON w.id = d.worker"
        " ORDER BY d.seq",
        limit, begun_after);
}

void send_cancels(Transaction& transaction, std::span<const OrderSequence> orders) {
    transaction.send(
        TAKE_PLACES(
            " d AS (DELETE FROM orders.leases l USING o WHERE l.seq = ANY (ARRAY[o.seq])"
            " RETURNING l.*),"
            " g AS (SELECT seq, 0 AS state, NULL::bigint AS token, NULL::smallint AS attempts,"
            " NULL::bigint AS worker, NULL::bigint AS started_at FROM q"
            " UNION ALL SELECT seq, 5, NULL, NULL, NULL, NULL FROM t"
            " UNION ALL SELECT seq, 1, token, attempts, worker, started_at FROM d),"
            " ended AS (UPDATE orders.orders x SET status = 4, worker = g.worker,"
            " started_at = g.started_at, token = coalesce(g.token, x.token),"
            " attempts = coalesce(g.attempts, x.attempts),"
            " finished_at = greatest(orders.now_ms(), coalesce(g.started_at, x.created_at))"
            " FROM g WHERE x.seq = g.seq RETURNING x.seq, x.kind, x.priority, x.attempts, g.state),")
            COUNT_MOVES("state", "4",
                        "ended") "," NOTE_NAMED
                                 "," PG_CHANGED("ended", "4", "c.attempts", "NULL") ","
                                 " cancels AS (INSERT INTO orders.count_changes (kind, priority, "
                                 "state, number)"
                                 " SELECT 0, 0, 7, count(*) FROM d HAVING count(*) > 0"
                                 " UNION ALL SELECT 0, 0, 30, count(*) FROM ended"
                                 " HAVING count(*) > 0 UNION ALL " TOTAL("28", "d", "") ")"
                                 " SELECT seq, CASE WHEN state = 1 THEN (SELECT "
                                 "count(pg_notify('orders_ends', '')))"
                                 " ELSE " PG_RING_FOR_ENDS " END FROM ended",
        numbers_of(orders));
}

void send_expiries(Transaction& transaction, std::span<const OrderSequence> orders) {
    transaction.send(
        TAKE_PLACES(" g AS (SELECT seq, 0 AS state FROM q UNION ALL SELECT seq, 5 FROM t),"
                    " ended AS (UPDATE orders.orders x SET status = 3, failure = 'expired',"
                    " finished_at = greatest(orders.now_ms(), x.created_at)"
                    " FROM g WHERE x.seq = g.seq RETURNING x.seq, x.kind, x.priority, g.state),")
            COUNT_MOVES("state", "3", "ended") "," COUNT_TOTALS(TOTAL(
                "19", "ended", "")) "," PG_CHANGED("ended", "3", "0",
                                                   "'expired'") " SELECT seq, " PG_RING_FOR_ENDS
                                                                " FROM ended",
        numbers_of(orders));
}

}  // namespace orders::postgres
