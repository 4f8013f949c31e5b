#include "shared/storage/sqlite/worker_writes.h"

#include <utility>

#include "shared/storage/sqlite/columns.h"
#include "shared/storage/sqlite/errors.h"
#include "shared/storage/sqlite/safeguards.h"

namespace orders::sqlite {
namespace {

constexpr AttemptEnds::GivenBack released{.outcome = PastAttempt::Outcome::released,
                                          .is_charged = false};

}  // namespace

WorkerWrites::WorkerWrites(Connection& connection)
    : connection_(connection),
      content_(connection),
      ends_(connection, content_),
      claims_(connection, content_, ends_),
      sign_offs_(connection),
      renew_(connection,
             "UPDATE leases SET expires_at = ?3 WHERE seq = ?1 AND EXISTS"
             " (SELECT 1 FROM orders WHERE seq = ?1 AND lease_token = ?2 AND status = 1)"),
      enlist_(connection,
              "INSERT INTO workers (name, host, threads, started_at, boot_id, heartbeat_until,"
              " holds_lock, lease_time, label, pid_namespace, pid, named_up_to, kinds)"
              " VALUES (?, ?, ?, ?, ?, ?, 1, ?, nullif(?, ''), ?, ?, 0, ?) RETURNING id"),
      heartbeat_(connection,
                 "UPDATE workers SET heartbeat_until = ?2, endpoints = ?3,"
                 " metrics = coalesce(nullif(?4, ''), metrics) WHERE id = ?1"),
      cancels_(connection, "SELECT cancels FROM bookkeeping WHERE id = 1"),
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
    sign_offs_.sign_off_gone(others);
    const WorkerId id = [&] {
        Cursor rows = enlist_.query(
            worker.name, worker.host, worker.threads, to_column(now.utc), now.boot_id,
            (now.since_boot + longest_silence(lease_time)).count(), lease_time.count(),
            worker.label, worker.pid_namespace, worker.pid, kinds_to_column(worker.kinds));
        rows.next();
        return WorkerId{rows.get<std::int64_t>(0)};
    }();
    signs_.sign_on(id);  // before anybody else can see the row
    return id;
}

WorkerOutcomes WorkerWrites::take_turn(const WorkerTurn& turn, WriteTransaction& work) {
    // Asked for inside the transaction: a lease is not shortened by the wait for it.
    const Moment& now = work.now();
    WorkerOutcomes outcomes;
    ends_.begin();
    outcomes.settled.reserve(turn.settlements.size());
    for (const Settlement& settlement : turn.settlements) {
        outcomes.settled.push_back(ends_.settle(settlement, now.utc, work));
    }
    for (const Lease& lease : turn.releases) {
        if (ends_.give_back(lease, released, now.utc, work)) ++outcomes.released;
    }
    outcomes.lost = renew(turn, now);
    if (turn.is_heartbeat) {
        const auto until = now.since_boot + longest_silence(turn.lease_time);
        heartbeat_.run(turn.worker.value, until.count(), endpoints_to_column(turn.endpoints),
                       turn.figures);
    }
    unread_.clear();
    if (turn.claim.limit > 0) {
        Claims::Claimed found = claims_.claim(
            turn.claim, {.worker = turn.worker, .lease_time = turn.lease_time}, now, work);
        outcomes.claimed = std::move(found.orders);
        outcomes.expired = found.expired;
        outcomes.has_more = found.has_more;
        unread_ = std::move(found.unread);
    }
    return outcomes;
}

void WorkerWrites::read_payloads(std::vector<ClaimedOrder>& claimed) {
    // From the last one on, so that leaving one out moves none that is still to come.
    for (; !unread_.empty(); unread_.pop_back()) {
        const auto order = claimed.begin() + static_cast<std::ptrdiff_t>(unread_.back());
        order->spec.payload = claims_.payload_of(order->lease, order->spec.order_id);
        if (!order->spec.payload) claimed.erase(order);
    }
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

std::int64_t WorkerWrites::cancel_count() {
    return cancels_.number();
}

}  // namespace orders::sqlite
