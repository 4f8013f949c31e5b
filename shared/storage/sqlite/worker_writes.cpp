#include "shared/storage/sqlite/worker_writes.h"

#include <algorithm>
#include <string>
#include <utility>

#include "shared/storage/sqlite/columns.h"
#include "shared/storage/sqlite/safeguards.h"

namespace orders::sqlite {

WorkerWrites::WorkerWrites(Connection& connection)
    : connection_(connection),
      claim_(connection,
             "UPDATE orders"
             " SET status = 1, attempts = attempts + 1, lease_token = lease_token + 1"
             " WHERE seq IN (SELECT seq FROM orders INDEXED BY orders_pending WHERE status = 0"
             "               ORDER BY priority, seq LIMIT ?)"
             " RETURNING seq, lease_token, attempts, order_id, priority, processing_time"),
      lease_(connection,
             "INSERT INTO leases (seq, worker, started_at, expires_at) VALUES (?, ?, ?, ?)"),
      // Read first, because RETURNING opens a temporary table each time: half of a settle's cost.
      held_(connection,
            "SELECT o.priority, l.worker, l.started_at FROM orders o JOIN leases l ON l.seq = o.seq"
            " WHERE o.seq = ?1 AND o.lease_token = ?2 AND o.status = 1"),
      settle_(connection,
              "UPDATE orders SET status = ?3, finished_at = ?4, failure = ?5, worker = ?6,"
              " started_at = ?7 WHERE seq = ?1 AND lease_token = ?2 AND status = 1"),
      make_pending_(connection,
                    "UPDATE orders SET status = 0, attempts = attempts - ?3"
                    " WHERE seq = ?1 AND lease_token = ?2 AND status = 1"),
      drop_lease_(connection, "DELETE FROM leases WHERE seq = ?"),
      renew_(connection,
             "UPDATE leases SET expires_at = ?3 WHERE seq = ?1 AND EXISTS"
             " (SELECT 1 FROM orders WHERE seq = ?1 AND lease_token = ?2 AND status = 1)"),
      expired_(connection,
               "SELECT o.seq, o.lease_token, o.order_id, o.attempts, w.name"
               " FROM leases l JOIN workers w ON w.id = l.worker JOIN orders o ON o.seq = l.seq"
               " WHERE l.expires_at <= ? OR w.boot_id <> ? ORDER BY l.seq LIMIT ?"),
      sign_off_silent_workers_(connection,
                               "UPDATE workers SET heartbeat_until = NULL"
                               " WHERE heartbeat_until IS NOT NULL"
                               " AND (heartbeat_until <= ? OR boot_id <> ?)"),
      enlist_(connection,
              "INSERT INTO workers (name, host, threads, started_at, boot_id, heartbeat_until)"
              " VALUES (?, ?, ?, ?, ?, ?) RETURNING id"),
      heartbeat_(connection, "UPDATE workers SET heartbeat_until = ?2 WHERE id = ?1"),
      retire_(connection, "UPDATE workers SET heartbeat_until = NULL WHERE id = ?"),
      has_pending_(connection,
                   "SELECT EXISTS (SELECT 1 FROM orders INDEXED BY orders_pending"
                   " WHERE status = 0)"),
      has_expired_(connection,
                   "SELECT EXISTS (SELECT 1 FROM leases l JOIN workers w ON w.id = l.worker"
                   " WHERE l.expires_at <= ? OR w.boot_id <> ?)") {}

WorkerId WorkerWrites::enlist(const WorkerDescription& worker, const Moment& now,
                              std::chrono::milliseconds lease_time) {
    Cursor rows = enlist_.query(worker.name, worker.host, worker.threads, to_column(now.utc),
                                now.boot_id, (now.since_boot + lease_time).count());
    rows.next();
    return {rows.get<std::int64_t>(0)};
}

void WorkerWrites::retire(WorkerId worker) {
    retire_.run(worker.value);
}

WaitingWork WorkerWrites::waiting_work(const Moment& now) {
    const auto is_there = [](Cursor rows) { return rows.next() && rows.get<std::int64_t>(0) != 0; };
    return {.has_pending = is_there(has_pending_.query()),
            .has_expired = is_there(has_expired_.query(now.since_boot.count(), now.boot_id))};
}

WorkerOutcomes WorkerWrites::take_turn(const WorkerTurn& turn, const Moment& now,
                                       WriteTransaction& work) {
    constexpr int uncharged_attempts = 1;
    WorkerOutcomes outcomes;
    outcomes.settled.reserve(turn.settlements.size());
    for (const Settlement& settlement : turn.settlements) {
        outcomes.settled.push_back(settle(settlement, now.utc, work));
    }
    for (const Lease& lease : turn.releases) {
        if (give_back(lease, uncharged_attempts, work)) ++outcomes.released;
    }
    outcomes.lost = renew(turn, now);
    if (turn.is_heartbeat) {
        heartbeat_.run(turn.worker.value, (now.since_boot + turn.lease_time).count());
    }
    if (turn.take_back_limit > 0) outcomes.expired = take_back(turn, now, work);
    if (turn.claim_limit > 0) outcomes.claimed = claim(turn, now, work);
    return outcomes;
}

std::optional<WorkerWrites::HeldOrder> WorkerWrites::find_held(const Lease& lease,
                                                               std::int64_t token) {
    Cursor row = held_.query(lease.order.value, token);
    if (!row.next()) return std::nullopt;
    return HeldOrder{.priority = priority_from_column(row.get<std::int64_t>(0)),
                     .worker = {row.get<std::int64_t>(1)},
                     .started_at = time_from_column(row.get<std::int64_t>(2))};
}

SettleOutcome WorkerWrites::settle(const Settlement& settlement, UtcTime now,
                                   WriteTransaction& work) {
    const auto& [lease, result] = settlement;
    const auto* failure = std::get_if<Failure>(&result);
    const auto status = failure == nullptr ? OrderStatus::processed : OrderStatus::failed;
    const auto reason = failure == nullptr ? std::nullopt : std::optional(failure->reason);
    const std::int64_t token = token_to_match(lease, connection_);
    const auto held = find_held(lease, token);
    if (!held || settle_.run(lease.order.value, token, to_column(status), to_column(now), reason,
                             held->worker.value, to_column(held->started_at)) == 0) {
        return SettleOutcome::lease_lost;
    }
    work.note_moved(held->priority, OrderStatus::processing, status);
    drop_lease_.run(lease.order.value);
    return SettleOutcome::settled;
}

bool WorkerWrites::give_back(const Lease& lease, int uncharged_attempts, WriteTransaction& work) {
    const std::int64_t token = token_to_match(lease, connection_);
    const auto held = find_held(lease, token);
    if (!held || make_pending_.run(lease.order.value, token, uncharged_attempts) == 0) return false;
    work.note_moved(held->priority, OrderStatus::processing, OrderStatus::pending);
    drop_lease_.run(lease.order.value);
    return true;
}

std::vector<Lease> WorkerWrites::renew(const WorkerTurn& turn, const Moment& now) {
    std::vector<Lease> lost;
    const auto expires_at = (now.since_boot + turn.lease_time).count();
    for (const Lease& lease : turn.renewals) {
        if (renew_.run(lease.order.value, token_to_match(lease, connection_), expires_at) == 0) {
            lost.push_back(lease);
        }
    }
    return lost;
}

std::vector<ExpiredOrder> WorkerWrites::take_back(const WorkerTurn& turn, const Moment& now,
                                                  WriteTransaction& work) {
    if (!is_on(Safeguard::lease_expiry)) return {};
    std::vector<std::pair<Lease, ExpiredOrder>> expired;
    for (Cursor rows = expired_.query(now.since_boot.count(), now.boot_id, turn.take_back_limit);
         rows.next();) {
        const auto attempts = static_cast<int>(rows.get<std::int64_t>(3));
        expired.push_back(
            {{.order = {rows.get<std::int64_t>(0)}, .token = rows.get<std::int64_t>(1)},
             {.order_id = OrderId::parse(rows.get<std::string>(2)).value(),
              .worker = rows.get<std::string>(4),
              .attempts = attempts,
              .has_failed = attempts >= turn.max_attempts}});
    }
    std::vector<ExpiredOrder> orders;
    for (auto& [lease, order] : expired) {
        if (order.has_failed) {
            (void)settle({lease, Failure{failure_reason::attempts_exhausted}}, now.utc, work);
        } else {
            (void)give_back(lease, 0, work);
        }
        orders.push_back(std::move(order));
    }
    sign_off_silent_workers_.run(now.since_boot.count(), now.boot_id);
    return orders;
}

std::vector<ClaimedOrder> WorkerWrites::claim(const WorkerTurn& turn, const Moment& now,
                                              WriteTransaction& work) {
    std::vector<ClaimedOrder> claimed;
    for (Cursor rows = claim_.query(turn.claim_limit); rows.next();) {
        claimed.push_back(
            {.lease = {.order = {rows.get<std::int64_t>(0)}, .token = rows.get<std::int64_t>(1)},
             .spec = spec_from_row(rows, 3),
             .attempt = static_cast<int>(rows.get<std::int64_t>(2))});
    }
    // SQLite returns changed rows in no promised order.
    std::ranges::sort(claimed, {}, [](const ClaimedOrder& order) {
        return std::pair(to_column(order.spec.priority), order.lease.order);
    });
    const auto expires_at = (now.since_boot + turn.lease_time).count();
    for (const ClaimedOrder& order : claimed) {
        lease_.run(order.lease.order.value, turn.worker.value, to_column(now.utc), expires_at);
        work.note_moved(order.spec.priority, OrderStatus::pending, OrderStatus::processing);
    }
    return claimed;
}

}  // namespace orders::sqlite
