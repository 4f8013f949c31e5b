#include "shared/storage/postgres/actions.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <variant>

#include "shared/storage/decisions/order_changes.h"
#include "shared/storage/postgres/change_log.h"
#include "shared/storage/postgres/columns.h"
#include "shared/storage/postgres/settlements.h"
#include "shared/storage/postgres/values.h"

namespace orders::postgres {
namespace {

// An order may move while it is looked for, from the queue into work and back: then it is looked
// for again, so often at most.
constexpr int most_attempts = 5;

StoreError moving_too_fast() {
    return {StoreError::Kind::busy, StoreError::Cure::time, "change an order",
            "it is being moved by others all the time"};
}

// Failed or Cancelled orders, in the order given: as new ones, at the end of the queue, or waiting
// if their time is still to come and they have never been in the queue.
void send_rounds(Transaction& transaction, std::span<const OrderSequence> orders) {
    transaction.send(
        "WITH s AS (SELECT * FROM unnest($1::bigint[]) WITH ORDINALITY AS s (seq, at)),"
        " o AS MATERIALIZED (SELECT o.*, s.at, CASE WHEN o.attempts = 0 AND o.position IS NULL"
        " AND o.due_at > orders.now_ms() THEN o.due_at END AS waits_until"
        " FROM s JOIN orders.orders o ON o.seq = s.seq WHERE o.status IN (3, 4) FOR UPDATE OF o),"
        " d AS MATERIALIZED (SELECT o.*, CASE WHEN waits_until IS NULL"
        " THEN nextval('orders.orders_seq_seq') END AS place"
        " FROM (SELECT * FROM o ORDER BY at) AS o),"
        " kept AS (INSERT INTO orders.past_attempts (seq, token, worker, started_at, ended_at,"
        " outcome, reason, detail) SELECT d.seq, d.token, d.worker, d.started_at, d.finished_at,"
        " d.status, d.failure, r.detail FROM d LEFT JOIN orders.order_results r ON r.seq = d.seq"
        " WHERE d.worker IS NOT NULL),"
        " dropped AS (DELETE FROM orders.past_attempts p USING d WHERE d.token > 100"
        " AND p.seq = d.seq AND p.token <= d.token - 100),"
        " results AS (DELETE FROM orders.order_results r USING d WHERE r.seq = d.seq"
        " RETURNING octet_length(r.result) AS bytes),"
        " counted_bytes AS (INSERT INTO orders.count_changes (kind, priority, state, number)"
        " SELECT 0, 0, 6, -sum(bytes) FROM results HAVING sum(bytes) > 0),"
        " moved AS (UPDATE orders.orders x SET status = 0, attempts = 0, worker = NULL,"
        " started_at = NULL, finished_at = NULL, failure = NULL, start_before = NULL,"
        " due_at = coalesce(d.waits_until, orders.now_ms()), position = d.place"
        " FROM d WHERE x.seq = d.seq),"
        " queued AS (INSERT INTO orders.queue (kind, priority, line, position, seq)"
        " SELECT kind, priority, 0, place, seq FROM d WHERE place IS NOT NULL),"
        " waits AS (INSERT INTO orders.waiting (seq, due_at, kind, priority)"
        " SELECT seq, waits_until, kind, priority FROM d WHERE place IS NULL),"
        " counted AS (INSERT INTO orders.count_changes (kind, priority, state, number)"
        " SELECT kind, priority, status, -count(*) FROM d GROUP BY 1, 2, 3"
        " UNION ALL SELECT kind, priority, CASE WHEN place IS NULL THEN 5 ELSE 0 END, count(*)"
        " FROM d GROUP BY 1, 2, 3"
        " UNION ALL SELECT kind, priority, status + 8, count(*) FROM d GROUP BY 1, 2, 3"
        " UNION ALL SELECT 0, 0, 31, count(*) FROM d HAVING count(*) > 0)," PG_CHANGED(
            "d", "0", "0", "NULL") " SELECT seq, CASE WHEN place IS NOT NULL THEN " PG_RING_FOR_WORK
                                   " END FROM d",
        numbers_of(orders));
}

// An order's place, taken from it and given anew: of $2 the priority, and at $4, if that is to come
// or if $3 says that it has a time.
#define MOVE                                                                                   \
    "WITH o AS (SELECT seq, kind, priority, coalesce(position, seq) AS place, position"        \
    " FROM orders.orders WHERE seq = $1::bigint AND status = 0),"                              \
    " q AS (DELETE FROM orders.queue q USING o WHERE " PG_IN_QUEUE                             \
    " RETURNING q.seq),"                                                                       \
    " t AS (DELETE FROM orders.waiting t USING o WHERE t.seq = ANY (ARRAY[o.seq])"             \
    " RETURNING t.seq, t.due_at),"                                                             \
    " g AS MATERIALIZED (SELECT seq, 0 AS state, NULL::bigint AS due_at FROM q"                \
    " UNION ALL SELECT seq, 5, due_at FROM t),"                                                \
    " z AS MATERIALIZED (SELECT o.*, g.state, CASE WHEN $3::boolean THEN $4::bigint"           \
    " ELSE g.due_at END AS due_at, CASE WHEN NOT $3::boolean THEN g.state"                     \
    " WHEN $4::bigint > orders.now_ms() THEN 5 ELSE 0 END AS new_state,"                       \
    " CASE WHEN $3::boolean AND $4::bigint <= orders.now_ms()"                                 \
    " THEN nextval('orders.orders_seq_seq') END AS new_place FROM o JOIN g ON g.seq = o.seq)," \
    " queued AS (INSERT INTO orders.queue (kind, priority, line, position, seq)"               \
    " SELECT kind, $2::smallint, CASE WHEN new_place IS NULL THEN 1 ELSE 0 END,"               \
    " coalesce(new_place, place), seq FROM z WHERE new_state = 0),"                            \
    " waits AS (INSERT INTO orders.waiting (seq, due_at, kind, priority)"                      \
    " SELECT seq, due_at, kind, $2::smallint FROM z WHERE new_state = 5),"                     \
    " moved AS (UPDATE orders.orders x SET priority = $2::smallint,"                           \
    " due_at = CASE WHEN $3::boolean THEN $4::bigint ELSE x.due_at END,"                       \
    " position = CASE WHEN $3::boolean THEN z.new_place ELSE x.position END"                   \
    " FROM z WHERE x.seq = z.seq),"                                                            \
    " counted AS (INSERT INTO orders.count_changes (kind, priority, state, number)"            \
    " SELECT kind, priority, state, -1 FROM z"                                                 \
    " UNION ALL SELECT kind, $2::smallint, new_state, 1 FROM z"                                \
    " UNION ALL SELECT kind, priority, 13, -1 FROM z WHERE priority <> $2::smallint"           \
    " UNION ALL SELECT kind, $2::smallint, 13, 1 FROM z WHERE priority <> "                    \
    "$2::smallint)," PG_NEW_CHANGES                                                            \
    "o.order_id, k.name, $2::smallint, 0, o.attempts, NULL FROM z"                             \
    " JOIN orders.orders o ON o.seq = z.seq AND o.priority <> $2::smallint"                    \
    " JOIN orders.kinds k ON k.id = o.kind" PG_IF_ANYBODY_LISTENS                              \
    ")"                                                                                        \
    " SELECT seq, CASE WHEN new_state = 0 THEN " PG_RING_FOR_WORK " END FROM z"

std::optional<std::int64_t> seconds_of(const std::optional<std::chrono::seconds>& time) {
    if (!time) return std::nullopt;
    return time->count();
}

}  // namespace

ActionOutcome Actions::carry_out(const OrderAction& action) {
    return std::visit([&](const auto& one) { return act(one); }, action);
}

ActionOutcome Actions::act(const CancelOrder& action) {
    return act_on(action.order_id, {send_cancels, PastAction::What::cancel, action.by});
}

ActionOutcome Actions::act(const RetryOrder& action) {
    return act_on(action.order_id, {send_rounds, PastAction::What::retry, action.by});
}

void Actions::note(const Array& orders, PastAction::What what, const std::string& by) {
    if (by.empty()) return;
    (void)transaction_.query(
        "WITH s AS (SELECT seq, coalesce((SELECT max(a.number) FROM orders.order_actions a"
        " WHERE a.seq = s.seq), 0) + 1 AS number FROM unnest($1::bigint[]) AS s (seq)),"
        " dropped AS (DELETE FROM orders.order_actions a USING s WHERE s.number > 100"
        " AND a.seq = s.seq AND a.number <= s.number - 100)"
        " INSERT INTO orders.order_actions (seq, number, at, action, name)"
        " SELECT seq, number, orders.now_ms(), $2::smallint, $3::text FROM s",
        orders, static_cast<int>(what), by);
}

ActionOutcome Actions::act_on(const OrderId& order_id, const Step& step) {
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        const Rows found = transaction_.query(
            "SELECT seq FROM orders.orders WHERE order_id = $1::text", order_id.text());
        if (found.empty()) return NoSuchOrder{};
        const OrderSequence sequence{found.get<std::int64_t>(0, 0)};
        Array number;
        number.add(sequence.value);
        step.send(transaction_, std::span(&sequence, 1));
        transaction_.send(PG_ORDERS_BY_NUMBER, number);
        const std::vector<Rows> results = transaction_.receive();
        std::vector<OrderRow> now = orders_from(results.at(1));
        if (now.empty()) return NoSuchOrder{};
        Order& order = now[0].order;
        if (!results[0].empty()) {
            note(number, step.what, step.by);
            return std::move(order);
        }
        if (!step.is_cancel() || is_end(order.status)) return NotAllowed{order.status};
    }
    throw moving_too_fast();
}

ActionOutcome Actions::act(const ChangeOrder& action) {
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        const std::string& id = action.order_id.text();
        // Its place is locked first, so that nobody claims it meanwhile.
        transaction_.send(
            "SELECT q.seq FROM (SELECT kind, priority, coalesce(position, seq) AS place"
            " FROM orders.orders WHERE order_id = $1::text AND status = 0) o"
            " JOIN orders.queue q ON " PG_IN_QUEUE " FOR UPDATE OF q",
            id);
        transaction_.send(
            "SELECT t.seq FROM orders.orders o JOIN orders.waiting t ON t.seq = ANY (ARRAY[o.seq])"
            " WHERE o.order_id = $1::text AND o.status = 0 FOR UPDATE OF t",
            id);
        transaction_.send(PG_ORDER_BY_ID, id);
        transaction_.send(PG_HISTORY_BY_ID, id);
        const std::vector<Rows> results = transaction_.receive();
        const auto found = whole_order_from(results.at(2), results.at(3));
        if (!found) return NoSuchOrder{};
        if (found->order.status != OrderStatus::pending) return NotAllowed{found->order.status};
        if (results[0].empty() && results[1].empty()) continue;
        if (auto fault = fault_of(action.change, found->order, transaction_.now())) {
            return *std::move(fault);
        }
        change(*found, action.change);
        note(numbers_of(std::span(&found->sequence, 1)), PastAction::What::change, action.by);
        transaction_.send(PG_ORDER_BY_ID, id);
        transaction_.send(PG_HISTORY_BY_ID, id);
        const std::vector<Rows> changed = transaction_.receive();
        return whole_order_from(changed.at(changed.size() - 2), changed.back()).value().order;
    }
    throw moving_too_fast();
}

void Actions::change(const OrderRow& found, const OrderChange& change) {
    const std::int64_t number = found.sequence.value;
    const Order& order = found.order;
    const Priority priority = change.priority.value_or(order.spec.priority);
    if (change.due || priority != order.spec.priority) {
        const UtcTime now = transaction_.now();
        const UtcTime due = change.due && *change.due ? due_time(**change.due, now) : now;
        transaction_.send(MOVE, number, to_column(priority), change.due.has_value(),
                          to_column(due));
    }
    if (change.start_before) {
        transaction_.send(
            "UPDATE orders.orders SET start_before = $2::bigint WHERE seq = $1::bigint", number,
            to_column(*change.start_before));
    }
    if (!change.timeout && !change.max_attempts) return;
    AttemptOptions options = order.spec.options;
    options.timeout = change.timeout.value_or(options.timeout);
    options.max_attempts = change.max_attempts.value_or(options.max_attempts);
    transaction_.send(
        "INSERT INTO orders.order_inputs (seq, timeout_seconds, max_attempts, backoff_seconds)"
        " VALUES ($1::bigint, $2::integer, $3::smallint, $4::integer) ON CONFLICT (seq) DO UPDATE"
        " SET timeout_seconds = excluded.timeout_seconds, max_attempts = excluded.max_attempts,"
        " backoff_seconds = excluded.backoff_seconds",
        number, seconds_of(options.timeout), options.max_attempts, seconds_of(options.backoff));
    transaction_.send(
        "DELETE FROM orders.order_inputs WHERE seq = $1::bigint AND num_nonnulls(timeout_seconds,"
        " max_attempts, backoff_seconds, fingerprint, payload, trace) = 0",
        number);
}

ActionOutcome Actions::act(const BulkAction& action) {
    const Step step = action.what == BulkAction::What::cancel
                          ? Step{send_cancels, PastAction::What::cancel, action.by}
                          : Step{send_rounds, PastAction::What::retry, action.by};
    BulkDone done;
    std::vector<OrderSequence> left = action.orders;
    for (int attempt = 0; attempt < most_attempts && !left.empty(); ++attempt) {
        std::vector<OrderSequence> fitting;
        for (const OrderRow& found :
             orders_from(transaction_.query(PG_ORDERS_BY_NUMBER, numbers_of(left)))) {
            const bool is_over = is_end(found.order.status);
            if (is_over == step.is_cancel() || !action.filter.fits(found.order)) continue;
            fitting.push_back(found.sequence);
        }
        if (fitting.empty()) break;
        step.send(transaction_, fitting);
        const Rows changed = std::move(transaction_.receive().at(0));
        Array done_to;
        for (std::size_t row = 0; row < changed.size(); ++row) {
            done_to.add(changed.get<std::int64_t>(row, 0));
        }
        if (!done_to.is_empty()) note(done_to, step.what, step.by);
        done.changed += changed.size();
        if (changed.size() == fitting.size()) break;
        for (std::size_t row = 0; row < changed.size(); ++row) {
            std::erase(fitting, OrderSequence{changed.get<std::int64_t>(row, 0)});
        }
        left = std::move(fitting);
    }
    return done;
}

ActionOutcome Actions::act(const PauseKind& action) {
    if (action.is_paused) {
        const auto kind = kinds_.find_or_add(action.kind);
        if (!kind) return TooManyKinds{};
        (void)transaction_.query(
            "UPDATE orders.kinds SET is_paused = true WHERE id = $1::smallint RETURNING id", *kind);
    } else {
        (void)transaction_.query(
            "WITH resumed AS (UPDATE orders.kinds SET is_paused = false WHERE name = $1::text"
            " RETURNING id) SELECT id, " PG_RING_FOR_WORK " FROM resumed",
            action.kind.name());
    }
    return Done{};
}

ActionOutcome Actions::act(const AwaitChanges& action) {
    transaction_.send("SELECT pg_advisory_xact_lock(" PG_CHANGES_LOCK ")");
    // It begins with a row of its own, and without what was written when it last ended. Since when
    // all write it, the first reader that sees this finds out (change_log.cpp).
    transaction_.send(
        "WITH a AS MATERIALIZED (SELECT until = 0 AS begins, (SELECT coalesce(max(id), 0)"
        " FROM orders.changes) + 1 AS id FROM orders.awaited_changes FOR UPDATE),"
        " old AS (DELETE FROM orders.new_changes WHERE (SELECT begins FROM a)),"
        " begun AS (INSERT INTO orders.changes (id, at) SELECT id, orders.now_ms() FROM a"
        " WHERE begins)"
        " UPDATE orders.awaited_changes SET whole_after = a.id, begun_at = orders.now_ms(),"
        " begun_in = '0' FROM a WHERE begins");
    transaction_.send(
        "UPDATE orders.awaited_changes SET until = orders.now_ms() + $1::bigint"
        " WHERE NOT until BETWEEN orders.now_ms() + $1::bigint AND orders.now_ms() + $2::bigint",
        action.duration.count(), longest_awaiting.count());
    (void)transaction_.receive();
    return Done{};
}

ActionOutcome Actions::act(const AwaitEnds& action) {
    // One that lies too far ahead is from before the clock was set back.
    (void)transaction_.query(
        "UPDATE orders.awaited_ends SET until = orders.now_ms() + $1::bigint"
        " WHERE NOT until BETWEEN orders.now_ms() + $1::bigint AND orders.now_ms() + $2::bigint"
        " RETURNING id",
        action.duration.count(), longest_awaiting.count());
    return Done{};
}

}  // namespace orders::postgres
