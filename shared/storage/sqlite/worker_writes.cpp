#include "shared/storage/sqlite/worker_writes.h"

#include <algorithm>
#include <string>
#include <utility>

#include "shared/storage/sqlite/columns.h"
#include "shared/storage/sqlite/errors.h"
#include "shared/storage/sqlite/safeguards.h"

namespace orders::sqlite {
namespace {

// Of orders that are taken back. The last column says whether the attempt is charged.
#define HELD_ORDERS "SELECT o.seq, o.lease_token, o.order_id, o.attempts, w.name, "
#define LEASES_WITH_ALL \
    " FROM leases l JOIN workers w ON w.id = l.worker JOIN orders o ON o.seq = l.seq "

// Which leases are over, whatever else is known of their workers' lives: by their own time, if that
// is of a clock that is plausible (signs_of_life.h); or those that a worker of another boot has
// left, though it has retired. ?1 is the boot clock, ?2 the boot's id.
#define IS_OVER                                                              \
    "((l.expires_at <= ?1 AND w.boot_id = ?2 AND (w.heartbeat_until IS NULL" \
    " OR w.holds_lock = 0 OR w.heartbeat_until >= ?1 - 3600000))"            \
    " OR (w.heartbeat_until IS NULL AND w.boot_id <> ?2))"
static_assert(longest_lease_time.count() == 3'600'000);

// A worker that is gone will end no further order, so those that name it are among those there are.
#define NAMED_NO_FURTHER \
    "named_up_to = CASE named_up_to WHEN 0 THEN 0 ELSE (SELECT max(seq) FROM orders) END"

constexpr int one_attempt = 1;

bool is_there(Cursor rows) {
    return rows.next() && rows.get<std::int64_t>(0) != 0;
}

}  // namespace

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
      held_by_(connection, HELD_ORDERS "?2" LEASES_WITH_ALL
                                       "WHERE l.worker = ?1"
                                       " ORDER BY l.seq LIMIT ?3"),
      expired_(connection, HELD_ORDERS "w.boot_id = ?2" LEASES_WITH_ALL "WHERE " IS_OVER
                                       " ORDER BY l.seq LIMIT ?3"),
      // While it lives, later orders may name it as well.
      name_worker_(connection,
                   "UPDATE workers SET named_up_to = CASE WHEN heartbeat_until IS NULL"
                   " THEN max(named_up_to, ?2) ELSE 9223372036854775807 END WHERE id = ?1"),
      sign_off_(connection,
                "UPDATE workers SET heartbeat_until = NULL, " NAMED_NO_FURTHER
                " WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.worker = ?1)"),
      sign_off_older_(connection,
                      "UPDATE workers SET heartbeat_until = NULL"
                      " WHERE heartbeat_until IS NOT NULL AND holds_lock = 0"
                      " AND heartbeat_until <= ?1 AND boot_id = ?2"),
      enlist_(connection,
              "INSERT INTO workers (name, host, threads, started_at, boot_id, heartbeat_until,"
              " holds_lock, lease_time, label, pid_namespace, pid, named_up_to)"
              " VALUES (?, ?, ?, ?, ?, ?, 1, ?, nullif(?, ''), ?, ?, 0) RETURNING id"),
      heartbeat_(connection, "UPDATE workers SET heartbeat_until = ?2 WHERE id = ?1"),
      retire_(connection,
              "UPDATE workers SET heartbeat_until = NULL, " NAMED_NO_FURTHER " WHERE id = ?"),
      has_pending_(connection,
                   "SELECT EXISTS (SELECT 1 FROM orders INDEXED BY orders_pending"
                   " WHERE status = 0)"),
      has_leases_(connection, "SELECT EXISTS (SELECT 1 FROM leases WHERE worker = ?)"),
      has_expired_(connection,
                   "SELECT EXISTS (SELECT 1"
                   " FROM leases l JOIN workers w ON w.id = l.worker WHERE " IS_OVER ")"),
      signs_(connection) {}

WorkerId WorkerWrites::enlist(const WorkerDescription& worker, const Moment& now,
                              std::chrono::milliseconds lease_time) {
    const std::vector<KnownWorker> others = signs_.look(now);
    for (const KnownWorker& other : others) {
        if (worker.label.empty() || other.description.label != worker.label) continue;
        if (is_gone(other.life)) continue;
        throw unusable("sign on as '" + worker.label + "'", "a worker that lives has this name",
                       "give each worker of a store a name of its own");
    }
    // A worker that dies again and again shall not leave more rows to look at each time.
    sign_off_gone(others, now);
    const WorkerId id = [&] {
        Cursor rows =
            enlist_.query(worker.name, worker.host, worker.threads, to_column(now.utc), now.boot_id,
                          (now.since_boot + longest_silence(lease_time)).count(),
                          lease_time.count(), worker.label, worker.pid_namespace, worker.pid);
        rows.next();
        return WorkerId{rows.get<std::int64_t>(0)};
    }();
    signs_.sign_on(id);  // before anybody else can see the row
    return id;
}

void WorkerWrites::retire(WorkerId worker) {
    retire_.run(worker.value);
}

bool WorkerWrites::has_pending() {
    return is_there(has_pending_.query());
}

bool WorkerWrites::has_expired(const Moment& now) {
    for (const KnownWorker& worker : signs_.look(now)) {
        if (is_gone(worker.life)) return true;
        if (worker.life == Life::hung && is_there(has_leases_.query(worker.id.value))) return true;
    }
    return is_there(has_expired_.query(now.since_boot.count(), now.boot_id));
}

WorkerOutcomes WorkerWrites::take_turn(const WorkerTurn& turn, const Moment& now,
                                       WriteTransaction& work) {
    WorkerOutcomes outcomes;
    named_in_turn_ = named_;  // what an earlier turn did, if its commit failed, is undone
    outcomes.settled.reserve(turn.settlements.size());
    for (const Settlement& settlement : turn.settlements) {
        outcomes.settled.push_back(settle(settlement, now.utc, work));
    }
    for (const Lease& lease : turn.releases) {
        if (give_back(lease, one_attempt, work)) ++outcomes.released;
    }
    outcomes.lost = renew(turn, now);
    if (turn.is_heartbeat) {
        const auto until = now.since_boot + longest_silence(turn.lease_time);
        heartbeat_.run(turn.worker.value, until.count());
    }
    if (turn.is_heartbeat || turn.take_back_limit > 0) {
        const std::vector<KnownWorker> workers = signs_.look(now);
        outcomes.expired = take_back(turn, workers, now, work);
        sign_off_gone(workers, now);
    }
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
    if (!held) return SettleOutcome::lease_lost;
    // The wall clock may have been set back meanwhile; an order does not end before it began.
    const UtcTime finished_at = std::max(now, held->started_at);
    if (settle_.run(lease.order.value, token, to_column(status), to_column(finished_at), reason,
                    held->worker.value, to_column(held->started_at)) == 0) {
        return SettleOutcome::lease_lost;
    }
    note_named(held->worker, lease.order);
    work.note_moved(held->priority, OrderStatus::processing, status);
    drop_lease_.run(lease.order.value);
    return SettleOutcome::settled;
}

// Once for each worker, in effect: nearly all that is settled was in work with the same one.
void WorkerWrites::note_named(WorkerId worker, OrderSequence order) {
    if (named_in_turn_ == worker) return;
    name_worker_.run(worker.value, order.value);
    named_in_turn_ = worker;
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

std::vector<ExpiredOrder> WorkerWrites::take_back(const WorkerTurn& turn,
                                                  const std::vector<KnownWorker>& workers,
                                                  const Moment& now, WriteTransaction& work) {
    std::vector<ExpiredOrder> orders;
    if (!is_on(Safeguard::lease_expiry)) return orders;
    for (const KnownWorker& worker : workers) {
        if (!is_gone(worker.life) && worker.life != Life::hung) continue;
        const bool is_charged = worker.life != Life::ended_by_reboot;
        take_back_found(
            held_by_.query(worker.id.value, is_charged, turn.take_back_limit - orders.size()),
            turn.max_attempts, now.utc, work, orders);
    }
    take_back_found(
        expired_.query(now.since_boot.count(), now.boot_id, turn.take_back_limit - orders.size()),
        turn.max_attempts, now.utc, work, orders);
    return orders;
}

void WorkerWrites::take_back_found(Cursor found, int max_attempts, UtcTime now,
                                   WriteTransaction& work, std::vector<ExpiredOrder>& orders) {
    struct Held {
        Lease lease;
        ExpiredOrder order;
        bool is_charged = true;
    };
    std::vector<Held> all;  // read to the end before anything is changed
    while (found.next()) {
        const bool is_charged = found.get<std::int64_t>(5) != 0;
        const auto attempts = static_cast<int>(found.get<std::int64_t>(3));
        all.push_back(
            {.lease = {.order = {found.get<std::int64_t>(0)}, .token = found.get<std::int64_t>(1)},
             .order = {.order_id = OrderId::parse(found.get<std::string>(2)).value(),
                       .worker = found.get<std::string>(4),
                       .attempts = is_charged ? attempts : attempts - one_attempt,
                       .has_failed = is_charged && attempts >= max_attempts},
             .is_charged = is_charged});
    }
    for (Held& held : all) {
        if (held.order.has_failed) {
            (void)settle({held.lease, Failure{failure_reason::attempts_exhausted}}, now, work);
        } else {
            (void)give_back(held.lease, held.is_charged ? 0 : one_attempt, work);
        }
        orders.push_back(std::move(held.order));
    }
}

void WorkerWrites::sign_off_gone(const std::vector<KnownWorker>& workers, const Moment& now) {
    for (const KnownWorker& worker : workers) {
        if (is_gone(worker.life)) sign_off_.run(worker.id.value);
    }
    sign_off_older_.run(now.since_boot.count(), now.boot_id);
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
