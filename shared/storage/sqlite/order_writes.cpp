#include "shared/storage/sqlite/order_writes.h"

#include <algorithm>
#include <stdexcept>

#include "shared/storage/sqlite/file_system.h"
#include "shared/storage/sqlite/order_queries.h"
#include "shared/storage/sqlite/safeguards.h"

namespace orders::sqlite {

OrderWrites::OrderWrites(Connection& connection_to_use)
    : connection(connection_to_use),
      begin(connection, "BEGIN IMMEDIATE"),
      insert(connection,
             "INSERT INTO orders (order_id, priority, processing_time, created_at)"
             " VALUES (?, ?, ?, ?) ON CONFLICT (order_id) DO NOTHING"),
      standing_status(connection, "SELECT status FROM orders WHERE order_id = ?"),
      claim(connection,
            "UPDATE orders"
            " SET status = 1, attempts = attempts + 1, lease_token = lease_token + 1"
            " WHERE seq IN (SELECT seq FROM orders INDEXED BY orders_pending WHERE status = 0"
            "               ORDER BY priority, seq LIMIT ?)"
            " RETURNING seq, lease_token, order_id, priority, processing_time, attempts"),
      lease(connection,
            "INSERT INTO leases (seq, worker, started_at, expires_at) VALUES (?, ?, ?, ?)"),
      // Read first, because RETURNING opens a temporary table each time: half of a settle's cost.
      held(connection,
           "SELECT o.priority, l.worker, l.started_at FROM orders o JOIN leases l ON l.seq = o.seq"
           " WHERE o.seq = ?1 AND o.lease_token = ?2 AND o.status = 1"),
      settle(connection,
             "UPDATE orders SET status = ?3, finished_at = ?4, failure = ?5, worker = ?6,"
             " started_at = ?7 WHERE seq = ?1 AND lease_token = ?2 AND status = 1"),
      make_pending(connection,
                   "UPDATE orders SET status = 0, attempts = attempts - ?3"
                   " WHERE seq = ?1 AND lease_token = ?2 AND status = 1"),
      drop_lease(connection, "DELETE FROM leases WHERE seq = ?"),
      renew(connection,
            "UPDATE leases SET expires_at = ?3 WHERE seq = ?1 AND EXISTS"
            " (SELECT 1 FROM orders WHERE seq = ?1 AND lease_token = ?2 AND status = 1)"),
      expired(connection,
              "SELECT o.seq, o.lease_token, o.order_id, o.attempts, w.name"
              " FROM leases l JOIN workers w ON w.id = l.worker JOIN orders o ON o.seq = l.seq"
              " WHERE l.expires_at <= ? OR w.boot_id <> ? ORDER BY l.seq LIMIT ?"),
      sign_off_silent_workers(connection,
                              "UPDATE workers SET heartbeat_until = NULL"
                              " WHERE heartbeat_until IS NOT NULL"
                              " AND (heartbeat_until <= ? OR boot_id <> ?)"),
      enlist(connection,
             "INSERT INTO workers (name, host, threads, started_at, boot_id, heartbeat_until)"
             " VALUES (?, ?, ?, ?, ?, ?) RETURNING id"),
      heartbeat(connection, "UPDATE workers SET heartbeat_until = ?2 WHERE id = ?1"),
      retire(connection, "UPDATE workers SET heartbeat_until = NULL WHERE id = ?"),
      add_to_count(connection,
                   "UPDATE order_counts SET orders = orders + ?3"
                   " WHERE priority = ?1 AND status = ?2"),
      probe(connection, "UPDATE write_probe SET written_at = ? WHERE id = 1"),
      pending(connection, "SELECT sum(orders) FROM order_counts WHERE status = 0"),
      last_submitted(connection, "SELECT max(seq) FROM orders"),
      long_finished(connection,
                    "SELECT priority FROM orders"
                    " WHERE seq = ?1 AND status = ?2 AND finished_at < ?3"),
      erase(connection, "DELETE FROM orders WHERE seq = ?") {}

SqliteOrderTransaction::SqliteOrderTransaction(OrderWrites& writes, Turnstile::Pass pass)
    : writes_(writes), pass_(std::move(pass)) {
    writes_.begin.run();
}

SqliteOrderTransaction::~SqliteOrderTransaction() {
    writes_.connection.roll_back();
}

void SqliteOrderTransaction::count(Priority priority, OrderStatus status, std::int64_t change) {
    count_changes_.at(static_cast<std::size_t>(to_column(priority)))
        .at(static_cast<std::size_t>(to_column(status))) += change;
}

void SqliteOrderTransaction::move(Priority priority, OrderStatus from, OrderStatus to) {
    count(priority, from, -1);
    count(priority, to, +1);
}

StoreLevel SqliteOrderTransaction::level() {
    Cursor rows = writes_.pending.query();
    rows.next();
    return {.pending = rows.get<std::int64_t>(0),
            .free_bytes = free_bytes(writes_.connection.path())};
}

std::vector<SubmitOutcome> SqliteOrderTransaction::submit(std::span<const NewOrder> orders,
                                                          UtcTime now) {
    std::vector<SubmitOutcome> outcomes;
    outcomes.reserve(orders.size());
    for (const NewOrder& order : orders) {
        const bool is_new = writes_.insert.run(order.order_id.text(), to_column(order.priority),
                                               order.processing_time.units(), to_column(now)) == 1;
        if (is_new) {
            count(order.priority, OrderStatus::pending, +1);
            outcomes.emplace_back(Created{now});
        } else {
            Cursor rows = writes_.standing_status.query(order.order_id.text());
            rows.next();
            outcomes.emplace_back(IdTaken{status_from_column(rows.get<std::int64_t>(0))});
        }
    }
    return outcomes;
}

std::vector<ClaimedOrder> SqliteOrderTransaction::claim(WorkerId worker, std::size_t limit,
                                                        const Moment& now,
                                                        std::chrono::milliseconds lease_time) {
    std::vector<ClaimedOrder> claimed;
    for (Cursor rows = writes_.claim.query(limit); rows.next();) {
        claimed.push_back(
            {.lease = {.order = {rows.get<std::int64_t>(0)}, .token = rows.get<std::int64_t>(1)},
             .order_id = OrderId::parse(rows.get<std::string>(2)).value(),
             .priority = priority_from_column(rows.get<std::int64_t>(3)),
             .processing_time = ProcessingTime::parse(rows.get<std::int64_t>(4)).value(),
             .attempt = static_cast<int>(rows.get<std::int64_t>(5))});
    }
    // SQLite returns changed rows in no promised order.
    std::ranges::sort(claimed, {}, [](const ClaimedOrder& order) {
        return std::pair(to_column(order.priority), order.lease.order);
    });
    const auto expires_at = (now.since_boot + lease_time).count();
    for (const ClaimedOrder& order : claimed) {
        writes_.lease.run(order.lease.order.value, worker.value, to_column(now.utc), expires_at);
        move(order.priority, OrderStatus::pending, OrderStatus::processing);
    }
    return claimed;
}

std::vector<SettleOutcome> SqliteOrderTransaction::settle(std::span<const Settlement> settlements,
                                                          UtcTime now) {
    std::vector<SettleOutcome> outcomes;
    outcomes.reserve(settlements.size());
    for (const auto& [given_lease, result] : settlements) {
        const Lease lease = presented(given_lease);
        const auto* failure = std::get_if<Failure>(&result);
        const auto status = failure == nullptr ? OrderStatus::processed : OrderStatus::failed;
        const auto reason = failure == nullptr ? std::nullopt : std::optional(failure->reason);
        const auto held = find_held(lease);
        if (!held ||
            writes_.settle.run(lease.order.value, lease.token, to_column(status), to_column(now),
                               reason, held->worker.value, to_column(held->started_at)) == 0) {
            outcomes.push_back(SettleOutcome::lease_lost);
            continue;
        }
        move(held->priority, OrderStatus::processing, status);
        writes_.drop_lease.run(lease.order.value);
        outcomes.push_back(SettleOutcome::settled);
    }
    return outcomes;
}

std::size_t SqliteOrderTransaction::release(std::span<const Lease> leases) {
    constexpr int uncharged_attempts = 1;
    std::size_t released = 0;
    for (const Lease& lease : leases) {
        if (give_back(lease, uncharged_attempts)) ++released;
    }
    return released;
}

bool SqliteOrderTransaction::give_back(const Lease& given_lease, int uncharged_attempts) {
    const Lease lease = presented(given_lease);
    const auto held = find_held(lease);
    if (!held ||
        writes_.make_pending.run(lease.order.value, lease.token, uncharged_attempts) == 0) {
        return false;
    }
    move(held->priority, OrderStatus::processing, OrderStatus::pending);
    writes_.drop_lease.run(lease.order.value);
    return true;
}

// Without the fence, whoever holds any lease passes for the one who holds the newest.
Lease SqliteOrderTransaction::presented(const Lease& lease) {
    if (is_on(Safeguard::fencing_token)) return lease;
    Statement newest(writes_.connection, "SELECT lease_token FROM orders WHERE seq = ?");
    Cursor rows = newest.query(lease.order.value);
    return {lease.order, rows.next() ? rows.get<std::int64_t>(0) : lease.token};
}

std::optional<SqliteOrderTransaction::HeldOrder> SqliteOrderTransaction::find_held(
    const Lease& lease) {
    Cursor row = writes_.held.query(lease.order.value, lease.token);
    if (!row.next()) return std::nullopt;
    return HeldOrder{.priority = priority_from_column(row.get<std::int64_t>(0)),
                     .worker = {row.get<std::int64_t>(1)},
                     .started_at = time_from_column(row.get<std::int64_t>(2))};
}

std::vector<Lease> SqliteOrderTransaction::renew(std::span<const Lease> leases, const Moment& now,
                                                 std::chrono::milliseconds lease_time) {
    std::vector<Lease> lost;
    const auto expires_at = (now.since_boot + lease_time).count();
    for (const Lease& lease : leases) {
        if (writes_.renew.run(lease.order.value, presented(lease).token, expires_at) == 0) {
            lost.push_back(lease);
        }
    }
    return lost;
}

std::vector<ExpiredOrder> SqliteOrderTransaction::requeue_expired(const Moment& now,
                                                                  int max_attempts,
                                                                  std::size_t limit) {
    if (!is_on(Safeguard::lease_expiry)) return {};
    std::vector<std::pair<Lease, ExpiredOrder>> expired;
    for (Cursor rows = writes_.expired.query(now.since_boot.count(), now.boot_id, limit);
         rows.next();) {
        const auto attempts = static_cast<int>(rows.get<std::int64_t>(3));
        expired.push_back(
            {{.order = {rows.get<std::int64_t>(0)}, .token = rows.get<std::int64_t>(1)},
             {.order_id = OrderId::parse(rows.get<std::string>(2)).value(),
              .worker = rows.get<std::string>(4),
              .attempts = attempts,
              .has_failed = attempts >= max_attempts}});
    }
    std::vector<ExpiredOrder> orders;
    for (auto& [lease, order] : expired) {
        if (order.has_failed) {
            const Settlement exhausted{lease, Failure{failure_reason::attempts_exhausted}};
            (void)settle(std::span(&exhausted, 1), now.utc);
        } else {
            give_back(lease, 0);
        }
        orders.push_back(std::move(order));
    }
    writes_.sign_off_silent_workers.run(now.since_boot.count(), now.boot_id);
    return orders;
}

WorkerId SqliteOrderTransaction::enlist(const WorkerDescription& worker, const Moment& now,
                                        std::chrono::milliseconds heartbeat_limit) {
    Cursor rows = writes_.enlist.query(worker.name, worker.host, worker.threads, to_column(now.utc),
                                       now.boot_id, (now.since_boot + heartbeat_limit).count());
    rows.next();
    return {rows.get<std::int64_t>(0)};
}

void SqliteOrderTransaction::heartbeat(WorkerId worker, const Moment& now,
                                       std::chrono::milliseconds heartbeat_limit) {
    writes_.heartbeat.run(worker.value, (now.since_boot + heartbeat_limit).count());
}

void SqliteOrderTransaction::retire(WorkerId worker) {
    writes_.retire.run(worker.value);
}

void SqliteOrderTransaction::probe(UtcTime now) {
    writes_.probe.run(to_column(now));
}

std::size_t SqliteOrderTransaction::erase(std::span<const OrderSequence> orders, OrderStatus status,
                                          UtcTime finished_before) {
    if (status != OrderStatus::processed && status != OrderStatus::failed) {
        throw std::logic_error("only finished orders can be erased");
    }
    std::optional<std::int64_t> last;
    {
        Cursor row = writes_.last_submitted.query();
        if (row.next()) last = row.get<std::optional<std::int64_t>>(0);
    }
    std::size_t erased = 0;
    for (const OrderSequence order : orders) {
        if (order.value == last) continue;
        std::optional<Priority> priority;
        {
            Cursor row = writes_.long_finished.query(order.value, to_column(status),
                                                     to_column(finished_before));
            if (row.next()) priority = priority_from_column(row.get<std::int64_t>(0));
        }
        if (!priority) continue;
        writes_.erase.run(order.value);
        count(*priority, status, -1);
        ++erased;
    }
    return erased;
}

void SqliteOrderTransaction::commit() {
    for (const Priority priority : all_priorities) {
        for (const OrderStatus status : all_statuses) {
            const auto change = count_changes_.at(static_cast<std::size_t>(to_column(priority)))
                                    .at(static_cast<std::size_t>(to_column(status)));
            if (change == 0) continue;
            writes_.add_to_count.run(to_column(priority), to_column(status), change);
        }
    }
    writes_.connection.commit();
    pass_.reset();
}

}  // namespace orders::sqlite
