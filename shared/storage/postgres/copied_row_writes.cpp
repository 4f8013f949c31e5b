// What of copied_rows.h writes.

#include <cstdint>

#include "shared/storage/decisions/stored_status.h"
#include "shared/storage/postgres/copied_rows.h"
#include "shared/storage/postgres/values.h"

namespace orders::postgres {
namespace {

void send_rows(Connection& connection, std::span<const CopiedOrder> orders) {
    Array numbers, created, started, finished, due, start_before, positions, tokens, workers, times,
        priorities, kinds, states, attempts, ids, failures;
    for (const CopiedOrder& order : orders) {
        numbers.add(order.sequence.value);
        created.add(order.created_at);
        started.add(order.started_at);
        finished.add(order.finished_at);
        due.add(order.due_at);
        start_before.add(order.start_before);
        positions.add(position_of(order));
        tokens.add(order.token);
        workers.add(order.worker);
        times.add(order.processing_time);
        priorities.add(order.priority);
        kinds.add(order.kind);
        states.add(order.status);
        attempts.add(order.attempts);
        ids.add(order.order_id);
        failures.add(order.failure);
    }
    connection.send(
        "WITH u AS MATERIALIZED (SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[],"
        " $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[],"
        " $10::integer[], $11::smallint[], $12::smallint[], $13::smallint[], $14::smallint[],"
        " $15::text[], $16::text[]) AS u (seq, created_at, started_at, finished_at, due_at,"
        " start_before, position, token, worker, processing_time, priority, kind, state, attempts,"
        " order_id, failure)),"
        " n AS (INSERT INTO orders.orders (seq, created_at, created_in, started_at, finished_at,"
        " due_at, start_before, position, token, worker, processing_time, priority, kind, status,"
        " attempts, order_id, failure) OVERRIDING SYSTEM VALUE SELECT seq, created_at, 0,"
        " started_at, finished_at, due_at, start_before, position, token, worker, processing_time,"
        " priority, kind, CASE state WHEN 5 THEN 0 ELSE state END, attempts, order_id, failure"
        " FROM u),"
        " queued AS (INSERT INTO orders.queue (kind, priority, line, position, seq)"
        " SELECT kind, priority, 0, position, seq FROM u WHERE state = 0),"
        " waits AS (INSERT INTO orders.waiting (seq, due_at, kind, priority)"
        " SELECT seq, due_at, kind, priority FROM u WHERE state = 5)"
        " INSERT INTO orders.count_changes (kind, priority, state, number)"
        " SELECT kind, priority, state, count(*) FROM u GROUP BY 1, 2, 3",
        numbers, created, started, finished, due, start_before, positions, tokens, workers, times,
        priorities, kinds, states, attempts, ids, failures);
}

void send_inputs(Connection& connection, std::span<const CopiedOrder> orders) {
    Array numbers, timeouts, max_attempts, backoffs, fingerprints, payloads, traces;
    for (const CopiedOrder& order : orders) {
        if (!order.has_inputs()) continue;
        numbers.add(order.sequence.value);
        timeouts.add(order.timeout_seconds);
        max_attempts.add(order.max_attempts);
        backoffs.add(order.backoff_seconds);
        fingerprints.add(order.fingerprint);
        payloads.add(order.payload);
        traces.add(order.trace);
    }
    if (numbers.is_empty()) return;
    connection.send(
        "WITH n AS (INSERT INTO orders.order_inputs (seq, timeout_seconds, max_attempts,"
        " backoff_seconds, fingerprint, payload, trace) SELECT * FROM unnest($1::bigint[],"
        " $2::integer[], $3::smallint[], $4::integer[], $5::text[], $6::text[], $7::text[])"
        " RETURNING octet_length(payload) AS bytes)"
        " INSERT INTO orders.count_changes (kind, priority, state, number)"
        " SELECT 0, 0, 6, sum(bytes) FROM n HAVING sum(bytes) > 0",
        numbers, timeouts, max_attempts, backoffs, fingerprints, payloads, traces);
}

void send_results(Connection& connection, std::span<const CopiedOrder> orders) {
    Array numbers, details, results;
    for (const CopiedOrder& order : orders) {
        if (!order.has_result()) continue;
        numbers.add(order.sequence.value);
        details.add(order.detail);
        results.add(order.result);
    }
    if (numbers.is_empty()) return;
    connection.send(
        "WITH n AS (INSERT INTO orders.order_results (seq, detail, result)"
        " SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[])"
        " RETURNING octet_length(result) AS bytes)"
        " INSERT INTO orders.count_changes (kind, priority, state, number)"
        " SELECT 0, 0, 6, sum(bytes) FROM n HAVING sum(bytes) > 0",
        numbers, details, results);
}

void send_history(Connection& connection, std::span<const CopiedOrder> orders) {
    Array numbers, tokens, workers, started, ended, outcomes, reasons, details;
    for (const CopiedOrder& order : orders) {
        for (const CopiedAttempt& attempt : order.history) {
            numbers.add(order.sequence.value);
            tokens.add(attempt.token);
            workers.add(attempt.worker);
            started.add(attempt.started_at);
            ended.add(attempt.ended_at);
            outcomes.add(attempt.outcome);
            reasons.add(attempt.reason);
            details.add(attempt.detail);
        }
    }
    if (numbers.is_empty()) return;
    connection.send(
        "INSERT INTO orders.past_attempts (seq, token, worker, started_at, ended_at, outcome,"
        " reason, detail) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[],"
        " $4::bigint[], $5::bigint[], $6::smallint[], $7::text[], $8::text[])",
        numbers, tokens, workers, started, ended, outcomes, reasons, details);
}

void send_actions(Connection& connection, std::span<const CopiedOrder> orders) {
    Array owners, numbers, times, actions, names;
    for (const CopiedOrder& order : orders) {
        for (const CopiedAction& action : order.actions) {
            owners.add(order.sequence.value);
            numbers.add(action.number);
            times.add(action.at);
            actions.add(action.action);
            names.add(action.name);
        }
    }
    if (owners.is_empty()) return;
    connection.send(
        "INSERT INTO orders.order_actions (seq, number, at, action, name) SELECT * FROM"
        " unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::smallint[], $5::text[])",
        owners, numbers, times, actions, names);
}

void send_totals(Connection& connection, std::span<const CopiedTotal> all) {
    Array totals, kinds, priorities, numbers;
    for (const CopiedTotal& total : all) {
        totals.add(total.total);
        kinds.add(total.kind);
        priorities.add(total.priority);
        numbers.add(total.number);
    }
    connection.send(
        "INSERT INTO orders.counts (state, kind, priority, number) SELECT * FROM"
        " unnest($1::smallint[], $2::smallint[], $3::smallint[], $4::bigint[])",
        totals, kinds, priorities, numbers);
}

}  // namespace

OptionalNumber position_of(const CopiedOrder& order) noexcept {
    if (order.place == waiting_place) return std::nullopt;
    const bool is_plain = order.place == arrival_place(order.sequence) && !order.due_at;
    const bool is_queued = order.status == static_cast<std::int64_t>(StoredStatus::queued);
    if (is_plain && !is_queued) return std::nullopt;
    return order.place + lowest_position;
}

void send_copied_names(Connection& connection, const CopiedNames& names) {
    Array kinds, kind_names, paused;
    for (const CopiedKind& kind : names.kinds) {
        kinds.add(kind.id);
        kind_names.add(kind.name);
        paused.add(kind.is_paused ? 1 : 0);
    }
    Array workers, worker_names, hosts, threads, started, lease_times, named, pulls, labels, taken;
    for (const CopiedWorker& worker : names.workers) {
        workers.add(worker.id);
        worker_names.add(worker.name);
        hosts.add(worker.host);
        threads.add(worker.threads);
        started.add(worker.started_at);
        lease_times.add(worker.lease_time);
        named.add(worker.named_up_to);
        pulls.add(worker.pulls ? 1 : 0);
        labels.add(worker.label);
        taken.add(worker.kinds);
    }
    connection.send("DELETE FROM orders.counts");
    connection.send("DELETE FROM orders.count_changes");
    connection.send("DELETE FROM orders.workers");
    connection.send("DELETE FROM orders.kinds");
    connection.send(
        "INSERT INTO orders.kinds (id, name, is_paused) SELECT id, name, paused = 1"
        " FROM unnest($1::smallint[], $2::text[], $3::smallint[]) AS k (id, name, paused)",
        kinds, kind_names, paused);
    connection.send(
        "INSERT INTO orders.workers (id, name, host, threads, started_at, lease_time, named_up_to,"
        " pulls, label, kinds, gone_at) OVERRIDING SYSTEM VALUE SELECT id, name, host, threads,"
        " started_at, lease_time, named_up_to, pulls = 1, label, kinds, orders.now_ms()"
        " FROM unnest($1::bigint[], $2::text[], $3::text[], $4::integer[], $5::bigint[],"
        " $6::bigint[], $7::bigint[], $8::smallint[], $9::text[], $10::text[]) AS w (id, name, "
        "host,"
        " threads, started_at, lease_time, named_up_to, pulls, label, kinds)",
        workers, worker_names, hosts, threads, started, lease_times, named, pulls, labels, taken);
    send_totals(connection, names.totals);
}

void send_copied_orders(Connection& connection, std::span<const CopiedOrder> orders) {
    send_rows(connection, orders);
    send_inputs(connection, orders);
    send_results(connection, orders);
    send_history(connection, orders);
    send_actions(connection, orders);
}

}  // namespace orders::postgres
