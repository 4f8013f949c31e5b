#include "shared/storage/sqlite/housekeeping_writes.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "shared/storage/sqlite/columns.h"
#include "shared/storage/sqlite/safeguards.h"

namespace orders::sqlite {
namespace {

// Of orders that are taken back, ?1 is the boot clock. The last columns say whether the time of the
// attempt is up, and whether it is charged.
#define HELD_ORDERS                                                                \
    "SELECT o.seq, o.lease_token, o.order_id, o.attempts, w.name, l.max_attempts," \
    " coalesce(l.deadline <= ?1, 0), "
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

// As the partial indexes say it.
#define IS_DUE " FROM orders INDEXED BY orders_due WHERE status = 5"
#define FIRST_DUE IS_DUE " AND due_at <= ?1 ORDER BY due_at, seq LIMIT ?2"
#define MAY_EXPIRE                                                   \
    " FROM orders INDEXED BY orders_expiring WHERE status IN (0, 5)" \
    " AND attempts = 0 AND start_before IS NOT NULL"

bool is_there(Cursor rows) {
    return rows.next() && rows.get<std::int64_t>(0) != 0;
}

std::optional<UtcTime> first_time(Cursor rows) {
    if (!rows.next()) return std::nullopt;
    return time_from_column(rows.get<std::int64_t>(0));
}

}  // namespace

HousekeepingWrites::HousekeepingWrites(Connection& connection)
    : content_(connection),
      ends_(connection, content_),
      sign_offs_(connection),
      held_by_(connection, HELD_ORDERS "?2" LEASES_WITH_ALL
                                       "WHERE l.worker = ?4"
                                       " ORDER BY l.seq LIMIT ?3"),
      expired_(connection, HELD_ORDERS "w.boot_id = ?2" LEASES_WITH_ALL "WHERE " IS_OVER
                                       " ORDER BY l.seq LIMIT ?3"),
      has_leases_(connection, "SELECT EXISTS (SELECT 1 FROM leases WHERE worker = ?)"),
      has_expired_(connection,
                   "SELECT EXISTS (SELECT 1"
                   " FROM leases l JOIN workers w ON w.id = l.worker WHERE " IS_OVER ")"),
      next_due_(connection, "SELECT due_at" IS_DUE " ORDER BY due_at LIMIT 1"),
      next_overdue_(connection, "SELECT start_before" MAY_EXPIRE " ORDER BY start_before LIMIT 1"),
      due_(connection, "SELECT kind, priority" FIRST_DUE),
      // All by one statement, which takes half as long as one for each.
      promote_(connection,
               "UPDATE orders SET status = 0, place = ?3 + due.rank"
               " FROM (SELECT seq, row_number() OVER (ORDER BY due_at, seq) AS rank" FIRST_DUE
               ") due WHERE orders.seq = due.seq"),
      overdue_(connection,
               "SELECT seq" MAY_EXPIRE " AND start_before <= ? ORDER BY start_before LIMIT ?"),
      add_figures_(
          connection,
          "INSERT INTO metric_sums (name, number) SELECT key, value FROM json_each(?)"
          " WHERE true ON CONFLICT (name) DO UPDATE SET number = number + excluded.number"),
      signs_(connection) {}

Chores HousekeepingWrites::look(const Moment& now) {
    Chores chores{.has_expired_leases = has_expired_leases(now)};
    const auto note = [&](const std::optional<UtcTime>& next, bool& is_now) {
        if (!next) return;
        is_now = *next <= now.utc;
        const auto wait = std::max(*next - now.utc, std::chrono::milliseconds{0});
        chores.next_due_in = std::min(chores.next_due_in.value_or(wait), wait);
    };
    note(first_time(next_due_.query()), chores.has_due_orders);
    note(first_time(next_overdue_.query()), chores.has_overdue_orders);
    return chores;
}

bool HousekeepingWrites::has_expired_leases(const Moment& now) {
    for (const KnownWorker& worker : signs_.look_for_gone(now)) {
        if (is_gone(worker.life)) return true;
        // (One of 0.1.0 may wake up.)
        if (worker.life == Life::absent && worker.pulls) return true;
        if (worker.life == Life::hung && is_there(has_leases_.query(worker.id.value))) return true;
    }
    return is_there(has_expired_.query(now.since_boot.count(), now.boot_id));
}

HousekeepingOutcomes HousekeepingWrites::take_turn(const HousekeepingTurn& turn,
                                                   WriteTransaction& work) {
    const Moment& now = work.now();
    ends_.begin();
    HousekeepingOutcomes outcomes;
    if (turn.is_proof()) work.prove();
    if (turn.take_back_limit > 0) {
        outcomes.taken_back = take_back(turn.take_back_limit, now, work);
    }
    if (turn.promote_limit > 0) outcomes.promoted = promote(turn.promote_limit, now.utc, work);
    if (turn.expire_limit > 0) outcomes.expired = expire(turn.expire_limit, now.utc, work);
    return outcomes;
}

std::vector<ExpiredOrder> HousekeepingWrites::take_back(std::size_t limit, const Moment& now,
                                                        WriteTransaction& work) {
    std::vector<ExpiredOrder> orders;
    const std::vector<KnownWorker> workers = signs_.look_for_gone(now);
    if (is_on(Safeguard::lease_expiry)) {
        for (const KnownWorker& worker : workers) {
            if (!is_gone(worker.life) && worker.life != Life::hung) continue;
            const bool is_charged = worker.life != Life::ended_by_reboot;
            take_back_found(held_by_.query(now.since_boot.count(), is_charged,
                                           limit - orders.size(), worker.id.value),
                            now.utc, work, orders);
        }
        take_back_found(expired_.query(now.since_boot.count(), now.boot_id, limit - orders.size()),
                        now.utc, work, orders);
    }
    sign_offs_.sign_off_gone(workers);
    return orders;
}

void HousekeepingWrites::take_back_found(Cursor found, UtcTime now, WriteTransaction& work,
                                         std::vector<ExpiredOrder>& orders) {
    struct Held {
        Lease lease;
        ExpiredOrder order;
        bool is_charged = true;
    };
    std::vector<Held> all;  // read to the end before anything is changed
    while (found.next()) {
        const bool is_charged = found.get<std::int64_t>(7) != 0;
        const auto attempts = static_cast<int>(found.get<std::int64_t>(3));
        std::optional<std::string> failure;
        if (is_charged && found.get<std::int64_t>(6) != 0) {
            failure = failure_reason::timeout;
        } else if (is_charged && attempts >= found.get<std::int64_t>(5)) {
            failure = failure_reason::attempts_exhausted;
        }
        all.push_back(
            {.lease = {.order = {found.get<std::int64_t>(0)}, .token = found.get<std::int64_t>(1)},
             .order = {.order_id = OrderId::parse(found.get<std::string>(2)).value(),
                       .worker = found.get<std::string>(4),
                       .attempts = is_charged ? attempts : attempts - 1,
                       .failure = std::move(failure)},
             .is_charged = is_charged});
    }
    for (Held& held : all) {
        if (held.order.failure) {
            (void)ends_.settle({held.lease, Failure{*held.order.failure}}, now, work);
        } else {
            (void)ends_.give_back(
                held.lease,
                {.outcome = PastAttempt::Outcome::lease_expired, .is_charged = held.is_charged},
                now, work);
        }
        orders.push_back(std::move(held.order));
    }
}

std::size_t HousekeepingWrites::promote(std::size_t limit, UtcTime now, WriteTransaction& work) {
    std::int64_t promoted = 0;
    for (Cursor rows = due_.query(to_column(now), limit); rows.next(); ++promoted) {
        work.note_moved(
            {rows.get<std::int64_t>(0), priority_from_column(rows.get<std::int64_t>(1))},
            StoredStatus::waiting, StoredStatus::queued);
    }
    if (promoted > 0) promote_.run(to_column(now), promoted, work.take_places(promoted) - 1);
    return static_cast<std::size_t>(promoted);
}

std::size_t HousekeepingWrites::expire(std::size_t limit, UtcTime now, WriteTransaction& work) {
    std::vector<OrderSequence> all;
    for (Cursor rows = overdue_.query(to_column(now), limit); rows.next();) {
        all.push_back({rows.get<std::int64_t>(0)});
    }
    for (const OrderSequence order : all) (void)ends_.expire(order, now, work);
    return all.size();
}

}  // namespace orders::sqlite
