#include "shared/storage/sqlite/attempt_ends.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "shared/storage/sqlite/safeguards.h"

namespace orders::sqlite {
namespace {

constexpr std::int64_t any_order = std::numeric_limits<std::int64_t>::max();

std::optional<std::string> text_or_nothing(const std::string& text) {
    if (text.empty()) return std::nullopt;
    return text;
}

}  // namespace

AttemptEnds::AttemptEnds(Connection& connection, OrderContent& content, Chance chance)
    : connection_(connection),
      chance_(std::move(chance)),
      content_(content),
      // Read first, because RETURNING opens a temporary table each time: half of a settle's cost.
      held_(connection,
            "SELECT o.kind, o.priority, o.attempts, l.worker, l.started_at, l.max_attempts,"
            " l.backoff_seconds, o.order_id FROM orders o JOIN leases l ON l.seq = o.seq"
            " WHERE o.seq = ?1 AND o.lease_token = ?2 AND o.status = 1"),
      end_(connection,
           "UPDATE orders SET status = ?2, finished_at = ?3, failure = ?4, worker = ?5,"
           " started_at = ?6 WHERE seq = ?1"),
      wait_(connection, "UPDATE orders SET status = 5, due_at = ?2, place = 0 WHERE seq = ?1"),
      make_pending_(connection,
                    // It has begun in time, even if that is not charged.
                    "UPDATE orders SET status = 0, attempts = attempts - ?2, start_before = NULL"
                    " WHERE seq = ?1"),
      drop_lease_(connection, "DELETE FROM leases WHERE seq = ?"),
      standing_(connection,
                "SELECT status, kind, priority, created_at, lease_token, attempts, order_id"
                " FROM orders WHERE seq = ?"),
      end_pending_(connection,
                   "UPDATE orders SET status = ?2, finished_at = ?3, failure = ?4 WHERE seq = ?1"),
      named_up_to_(connection,
                   "SELECT named_up_to, heartbeat_until IS NOT NULL FROM workers WHERE id = ?"),
      set_named_up_to_(connection, "UPDATE workers SET named_up_to = ?2 WHERE id = ?1") {}

std::optional<AttemptEnds::Held> AttemptEnds::find_held(OrderSequence order, std::int64_t token,
                                                        WriteTransaction& work) {
    Cursor row = held_.query(order.value, token);
    if (!row.next()) return std::nullopt;
    return Held{.as = {row.get<std::int64_t>(0), priority_from_column(row.get<std::int64_t>(1))},
                .order_id = work.keeps_changes() ? row.get<std::string>(7) : std::string(),
                .attempts = static_cast<int>(row.get<std::int64_t>(2)),
                .worker = row.get<std::int64_t>(3),
                .started_at = time_from_column(row.get<std::int64_t>(4)),
                .max_attempts = static_cast<int>(row.get<std::int64_t>(5)),
                .backoff = std::chrono::seconds(row.get<std::int64_t>(6))};
}

SettleOutcome AttemptEnds::settle(const Settlement& settlement, UtcTime now,
                                  WriteTransaction& work) {
    const Lease& lease = settlement.lease;
    const ProcessingResult& result = settlement.result;
    const std::int64_t token = token_to_match(lease, connection_);
    const auto held = find_held(lease.order, token, work);
    if (!held) return SettleOutcome::lease_lost;
    const auto fail = [&](const std::string& reason, const std::string& detail) {
        end(lease.order, *held, {StoredStatus::failed, reason}, now, work);
        content_.add_result(lease.order, nullptr, detail, work);
    };
    if (const auto* completed = std::get_if<Completed>(&result)) {
        end(lease.order, *held, {StoredStatus::processed}, now, work);
        content_.add_result(lease.order, completed->result, {}, work);
    } else if (const auto* failure = std::get_if<Failure>(&result)) {
        fail(failure->reason, failure->detail);
    } else if (const auto& retry = std::get<Retry>(result); held->attempts < held->max_attempts) {
        retry_later({lease.order, token}, *held, retry, now, work);
    } else {
        fail(retry.reason, retry.detail);
    }
    return SettleOutcome::settled;
}

void AttemptEnds::end(OrderSequence order, const Held& held, const End& end, UtcTime now,
                      WriteTransaction& work) {
    // The wall clock may have been set back meanwhile; an order does not end before it began.
    const UtcTime finished_at = std::max(now, held.started_at);
    end_.run(order.value, to_column(end.status), to_column(finished_at), end.reason, held.worker,
             to_column(held.started_at));
    drop_lease_.run(order.value);
    note_named(held.worker, order);
    work.note_moved(held.as, StoredStatus::processing, end.status);
    if (work.keeps_changes()) {
        work.note_change({.order_id = held.order_id,
                          .kind = held.as.kind,
                          .priority = held.as.priority,
                          .status = end.status,
                          .attempts = held.attempts,
                          .reason = end.reason});
    }
    if (!end.reason) return;
    work.note_failed(held.as, *end.reason);
    work.note_attempt(held.as, ended_by(*end.reason));
}

void AttemptEnds::retry_later(const Lease& lease, const Held& held, const Retry& retry, UtcTime now,
                              WriteTransaction& work) {
    keep_attempt(lease.order, held,
                 {.token = lease.token,
                  .worker = {},
                  .started_at = held.started_at,
                  .ended_at = now,
                  .outcome = PastAttempt::Outcome::retry,
                  .reason = retry.reason,
                  .detail = text_or_nothing(retry.detail)});
    const auto wait = retry_wait(retry, held.attempts, held.backoff, chance_());
    wait_.run(lease.order.value, to_column(now + wait));
    drop_lease_.run(lease.order.value);
    work.note_moved(held.as, StoredStatus::processing, StoredStatus::waiting);
    if (work.keeps_changes()) {
        work.note_change({.order_id = held.order_id,
                          .kind = held.as.kind,
                          .priority = held.as.priority,
                          .status = StoredStatus::waiting,
                          .attempts = held.attempts});
    }
    work.note_attempt(held.as, Total::attempts_to_retry);
}

bool AttemptEnds::give_back(const Lease& lease, GivenBack how, UtcTime now,
                            WriteTransaction& work) {
    const std::int64_t token = token_to_match(lease, connection_);
    const auto held = find_held(lease.order, token, work);
    if (!held) return false;
    keep_attempt(lease.order, *held,
                 {.token = token,
                  .worker = {},
                  .started_at = held->started_at,
                  .ended_at = now,
                  .outcome = how.outcome});
    make_pending_.run(lease.order.value, how.is_charged ? 0 : 1);
    drop_lease_.run(lease.order.value);
    work.note_moved(held->as, StoredStatus::processing, StoredStatus::queued);
    if (work.keeps_changes()) {
        work.note_change({.order_id = held->order_id,
                          .kind = held->as.kind,
                          .priority = held->as.priority,
                          .status = StoredStatus::queued,
                          .attempts = held->attempts - (how.is_charged ? 0 : 1)});
    }
    work.note_attempt(held->as, ended_with(how.outcome));
    return true;
}

void AttemptEnds::keep_attempt(OrderSequence order, const Held& held, PastAttempt attempt) {
    attempt.ended_at = std::max(attempt.ended_at, attempt.started_at);  // as in end()
    content_.add_attempt(order, held.worker, attempt);
    note_named(held.worker, order);
}

std::optional<AttemptEnds::Standing> AttemptEnds::find_standing(OrderSequence order,
                                                                WriteTransaction& work) {
    Cursor row = standing_.query(order.value);
    if (!row.next()) return std::nullopt;
    return Standing{
        .status = status_from_column(row.get<std::int64_t>(0)),
        .as = {row.get<std::int64_t>(1), priority_from_column(row.get<std::int64_t>(2))},
        .order_id = work.keeps_changes() ? row.get<std::string>(6) : std::string(),
        .attempts = row.get<std::int64_t>(5),
        .created_at = time_from_column(row.get<std::int64_t>(3)),
        .token = row.get<std::int64_t>(4)};
}

bool AttemptEnds::cancel(OrderSequence order, UtcTime now, WriteTransaction& work) {
    const auto standing = find_standing(order, work);
    if (!standing) return false;
    if (const auto held = find_held(order, standing->token, work)) {
        end(order, *held, {StoredStatus::cancelled}, now, work);
        return true;
    }
    return end_pending(order, *standing, {StoredStatus::cancelled}, now, work);
}

bool AttemptEnds::expire(OrderSequence order, UtcTime now, WriteTransaction& work) {
    const auto standing = find_standing(order, work);
    return standing && end_pending(order, *standing,
                                   {StoredStatus::failed, failure_reason::expired}, now, work);
}

bool AttemptEnds::end_pending(OrderSequence order, const Standing& standing, const End& end,
                              UtcTime now, WriteTransaction& work) {
    if (to_status(standing.status) != OrderStatus::pending) return false;
    end_pending_.run(order.value, to_column(end.status),
                     to_column(std::max(now, standing.created_at)), end.reason);
    work.note_moved(standing.as, standing.status, end.status);
    if (work.keeps_changes()) {
        work.note_change({.order_id = standing.order_id,
                          .kind = standing.as.kind,
                          .priority = standing.as.priority,
                          .status = end.status,
                          .attempts = standing.attempts,
                          .reason = end.reason});
    }
    if (end.reason) work.note_failed(standing.as, *end.reason);
    return true;
}

// In effect once for each worker in a transaction: nearly all that is ended in it was in work with
// the same one. While a worker lives, later orders may name it as well, so its row says that any
// may; one that is gone, yet held something, is named by just these.
void AttemptEnds::note_named(std::int64_t worker, OrderSequence order) {
    if (named_ == worker) return;
    std::int64_t named_up_to = 0;
    bool is_living = false;
    {
        Cursor row = named_up_to_.query(worker);
        row.next();
        named_up_to = row.get<std::int64_t>(0);
        is_living = row.get<std::int64_t>(1) != 0;
    }
    if (is_living) named_ = worker;
    const std::int64_t needed = is_living ? any_order : order.value;
    if (named_up_to < needed) set_named_up_to_.run(worker, needed);
}

}  // namespace orders::sqlite
