#include "shared/storage/postgres/copied_rows.h"

#include <algorithm>
#include <string>
#include <utility>

#include "shared/storage/decisions/stored_status.h"

namespace orders::postgres {
namespace {

bool is_open(const CopiedOrder& order) {
    return order.status == static_cast<std::int64_t>(StoredStatus::queued) ||
           order.status == static_cast<std::int64_t>(StoredStatus::waiting);
}

// The rows of the orders, without what belongs to them; and how many bytes that has.
Rows read_rows(Connection& connection, OrderSequence after) {
    // By indexes, whatever the statistics say of tables that have just been filled.
    connection.send(
        "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', "
        "true),"
        " set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true)");
    connection.send(
        "SELECT o.seq, o.order_id, o.priority, o.kind, o.processing_time,"
        " CASE WHEN o.status = 0 AND t.seq IS NOT NULL THEN 5 ELSE o.status END, o.attempts,"
        " o.token, o.created_at, o.started_at, o.finished_at, o.worker, o.due_at, o.start_before,"
        " o.failure, o.position, coalesce(octet_length(i.payload), 0)"
        " + coalesce(octet_length(r.result), 0) + coalesce(octet_length(r.detail), 0)"
        " + coalesce((SELECT sum(octet_length(p.detail)) FROM orders.past_attempts p"
        " WHERE p.seq = o.seq), 0)"
        " FROM (SELECT * FROM orders.orders WHERE seq > $1::bigint ORDER BY seq LIMIT $2::bigint) o"
        " LEFT JOIN orders.waiting t ON t.seq = o.seq"
        " LEFT JOIN orders.order_inputs i ON i.seq = o.seq"
        " LEFT JOIN orders.order_results r ON r.seq = o.seq ORDER BY o.seq",
        after.value, copied_at_once);
    return std::move(connection.receive().at(1));
}

CopiedOrder order_from(const Rows& rows, std::size_t row, OrderSequence newest) {
    CopiedOrder order{.sequence = {rows.get<std::int64_t>(row, 0)},
                      .order_id = rows.get<std::string>(row, 1),
                      .priority = rows.get<std::int64_t>(row, 2),
                      .kind = rows.get<std::int64_t>(row, 3),
                      .processing_time = rows.get<std::int64_t>(row, 4),
                      .status = rows.get<std::int64_t>(row, 5),
                      .attempts = rows.get<std::int64_t>(row, 6),
                      .token = rows.get<std::int64_t>(row, 7),
                      .created_at = rows.get<std::int64_t>(row, 8),
                      .started_at = rows.get<OptionalNumber>(row, 9),
                      .finished_at = rows.get<OptionalNumber>(row, 10),
                      .worker = rows.get<OptionalNumber>(row, 11),
                      .due_at = rows.get<OptionalNumber>(row, 12),
                      .start_before = rows.get<OptionalNumber>(row, 13),
                      .failure = rows.get<OptionalText>(row, 14)};
    const bool is_waiting = order.status == static_cast<std::int64_t>(StoredStatus::waiting);
    // What was due when it arrived has that as its time, or none.
    const bool has_waited = is_waiting || (!is_open(order) && order.due_at > order.created_at);
    order.place = place_of({rows.get<OptionalNumber>(row, 15), has_waited}, order.sequence, newest);
    return order;
}

// Which order a row belongs to, of those that are in order of arrival, as the rows are.
class Owner {
   public:
    explicit Owner(std::vector<CopiedOrder>& orders) : next_(orders.begin()) {}
    [[nodiscard]] CopiedOrder& of(const Rows& rows, std::size_t row) {
        const OrderSequence sequence{rows.get<std::int64_t>(row, 0)};
        while (next_->sequence < sequence) ++next_;
        return *next_;
    }

   private:
    std::vector<CopiedOrder>::iterator next_;
};

void read_what_belongs_to(std::vector<CopiedOrder>& orders, Connection& connection) {
    const std::int64_t first = orders.front().sequence.value;
    const std::int64_t last = orders.back().sequence.value;
    connection.send(
        "SELECT seq, timeout_seconds, max_attempts, backoff_seconds, fingerprint, payload, trace"
        " FROM orders.order_inputs WHERE seq BETWEEN $1::bigint AND $2::bigint ORDER BY seq",
        first, last);
    connection.send(
        "SELECT seq, detail, result FROM orders.order_results"
        " WHERE seq BETWEEN $1::bigint AND $2::bigint ORDER BY seq",
        first, last);
    connection.send(
        "SELECT seq, token, worker, started_at, ended_at, outcome, reason, detail"
        " FROM orders.past_attempts WHERE seq BETWEEN $1::bigint AND $2::bigint"
        " ORDER BY seq, token",
        first, last);
    connection.send(
        "SELECT seq, number, at, action, name FROM orders.order_actions"
        " WHERE seq BETWEEN $1::bigint AND $2::bigint ORDER BY seq, number",
        first, last);
    const std::vector<Rows> results = connection.receive();
    const Rows& inputs = results.at(0);
    Owner owner_of_inputs(orders);
    for (std::size_t row = 0; row < inputs.size(); ++row) {
        CopiedOrder& order = owner_of_inputs.of(inputs, row);
        order.timeout_seconds = inputs.get<OptionalNumber>(row, 1);
        order.max_attempts = inputs.get<OptionalNumber>(row, 2);
        order.backoff_seconds = inputs.get<OptionalNumber>(row, 3);
        order.fingerprint = inputs.get<OptionalText>(row, 4);
        order.payload = inputs.get<OptionalText>(row, 5);
        order.trace = inputs.get<OptionalText>(row, 6);
    }
    const Rows& ends = results.at(1);
    Owner owner_of_ends(orders);
    for (std::size_t row = 0; row < ends.size(); ++row) {
        CopiedOrder& order = owner_of_ends.of(ends, row);
        order.detail = ends.get<OptionalText>(row, 1);
        order.result = ends.get<OptionalText>(row, 2);
    }
    const Rows& attempts = results.at(2);
    Owner owner_of_attempts(orders);
    for (std::size_t row = 0; row < attempts.size(); ++row) {
        owner_of_attempts.of(attempts, row)
            .history.push_back({.token = attempts.get<std::int64_t>(row, 1),
                                .worker = attempts.get<std::int64_t>(row, 2),
                                .started_at = attempts.get<std::int64_t>(row, 3),
                                .ended_at = attempts.get<std::int64_t>(row, 4),
                                .outcome = attempts.get<std::int64_t>(row, 5),
                                .reason = attempts.get<OptionalText>(row, 6),
                                .detail = attempts.get<OptionalText>(row, 7)});
    }
    const Rows& actions = results.at(3);
    Owner owner_of_actions(orders);
    for (std::size_t row = 0; row < actions.size(); ++row) {
        owner_of_actions.of(actions, row)
            .actions.push_back({.number = actions.get<std::int64_t>(row, 1),
                                .at = actions.get<std::int64_t>(row, 2),
                                .action = actions.get<std::int64_t>(row, 3),
                                .name = actions.get<std::string>(row, 4)});
    }
}

}  // namespace

// An order whose position is larger than the newest order's number got it when that had arrived.
std::int64_t place_of(const Position& position, OrderSequence order,
                      OrderSequence newest) noexcept {
    if (!position.value) return position.has_waited ? waiting_place : arrival_place(order);
    if (*position.value < 0) return *position.value - lowest_position;
    const std::int64_t arrived = std::min(*position.value, newest.value);
    return arrival_place({arrived}) + (*position.value - arrived);
}

CopiedNames read_copied_names(Connection& connection) {
    connection.send("SELECT id, name, is_paused FROM orders.kinds ORDER BY id");
    connection.send(
        "SELECT id, name, host, threads, started_at, lease_time, least(named_up_to,"
        " (SELECT coalesce(max(seq), 0) FROM orders.orders)), pulls, label, kinds"
        " FROM orders.workers ORDER BY id");
    connection.send(
        "SELECT state, kind, priority, number FROM orders.all_counts WHERE state >= 8"
        " AND number <> 0 ORDER BY state, kind, priority");
    const std::vector<Rows> results = connection.receive();
    CopiedNames names;
    const Rows& kinds = results.at(0);
    for (std::size_t row = 0; row < kinds.size(); ++row) {
        names.kinds.push_back({.id = kinds.get<std::int64_t>(row, 0),
                               .name = kinds.get<std::string>(row, 1),
                               .is_paused = kinds.get<bool>(row, 2)});
    }
    const Rows& workers = results.at(1);
    for (std::size_t row = 0; row < workers.size(); ++row) {
        names.workers.push_back({.id = workers.get<std::int64_t>(row, 0),
                                 .name = workers.get<std::string>(row, 1),
                                 .host = workers.get<std::string>(row, 2),
                                 .threads = workers.get<std::int64_t>(row, 3),
                                 .started_at = workers.get<std::int64_t>(row, 4),
                                 .lease_time = workers.get<std::int64_t>(row, 5),
                                 .named_up_to = workers.get<std::int64_t>(row, 6),
                                 .pulls = workers.get<bool>(row, 7),
                                 .label = workers.get<OptionalText>(row, 8),
                                 .kinds = workers.get<OptionalText>(row, 9)});
    }
    const Rows& totals = results.at(2);
    for (std::size_t row = 0; row < totals.size(); ++row) {
        names.totals.push_back({.total = totals.get<std::int64_t>(row, 0),
                                .kind = totals.get<std::int64_t>(row, 1),
                                .priority = totals.get<std::int64_t>(row, 2),
                                .number = totals.get<std::int64_t>(row, 3)});
    }
    return names;
}

std::vector<CopiedOrder> read_copied_orders(Connection& connection, OrderSequence after,
                                            OrderSequence newest) {
    const Rows rows = read_rows(connection, after);
    std::vector<CopiedOrder> orders;
    std::int64_t bytes = 0;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        orders.push_back(order_from(rows, row, newest));
        bytes += rows.get<std::int64_t>(row, 16);
        if (bytes >= static_cast<std::int64_t>(copied_bytes_at_once)) break;
    }
    if (!orders.empty()) read_what_belongs_to(orders, connection);
    return orders;
}

}  // namespace orders::postgres
