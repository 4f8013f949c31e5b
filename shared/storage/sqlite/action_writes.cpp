#include "shared/storage/sqlite/action_writes.h"

#include <utility>
#include <variant>

#include "shared/storage/decisions/order_changes.h"
#include "shared/storage/sqlite/columns.h"
#include "shared/storage/sqlite/queue_entry.h"

namespace orders::sqlite {
namespace {

StoredStatus stored_status_of(const Order& pending) {
    return pending.is_waiting_for_time ? StoredStatus::waiting : StoredStatus::queued;
}

}  // namespace

ActionWrites::ActionWrites(Connection& connection, OrderContent& content, Kinds& kinds)
    : content_(content),
      kinds_(kinds),
      rows_(connection, content),
      ends_(connection, content),
      pulls_(connection, content, rows_, ends_),
      ended_(connection,
             // The time that it waited for, unless that was for another attempt.
             "SELECT status, kind, priority, iif(place = 0 AND attempts = 0, due_at, NULL),"
             " lease_token, worker, started_at, finished_at, failure, order_id"
             " FROM orders WHERE seq = ? AND status IN (3, 4)"),
      begin_round_(connection,
                   "UPDATE orders SET status = ?2, due_at = ?3, place = ?4, attempts = 0,"
                   " started_at = NULL, finished_at = NULL, worker = NULL, failure = NULL,"
                   " start_before = NULL WHERE seq = ?1"),
      change_(connection,
              "UPDATE orders SET priority = ?2, status = ?3, due_at = ?4,"
              " place = coalesce(?5, place), start_before = ?6 WHERE seq = ?1"),
      await_ends_(connection,
                  // One that lies too far ahead is from before the clock was set back.
                  "UPDATE bookkeeping SET ends_awaited_until ="
                  " iif(ends_awaited_until BETWEEN ?1 AND ?2, ends_awaited_until, ?1)"
                  " WHERE id = 1"),
      changes_(connection) {}

ActionOutcome ActionWrites::carry_out(const OrderAction& action, WriteTransaction& work) {
    return std::visit([&](const auto& one) { return act(one, work); }, action);
}

ActionOutcome ActionWrites::act(const CancelOrder& action, WriteTransaction& work) {
    return act_on(action.order_id, {&ActionWrites::cancel, PastAction::What::cancel, action.by},
                  work);
}

ActionOutcome ActionWrites::act(const RetryOrder& action, WriteTransaction& work) {
    return act_on(action.order_id, {&ActionWrites::retry, PastAction::What::retry, action.by},
                  work);
}

void ActionWrites::note(OrderSequence order, PastAction::What what, const std::string& by,
                        WriteTransaction& work) {
    if (!by.empty()) content_.add_action(order, {work.now().utc, what, by});
}

bool ActionWrites::take(const Step& step, OrderSequence order, WriteTransaction& work) {
    const bool is_done = (this->*step.change)(order, work);
    if (is_done) note(order, step.what, step.by, work);
    return is_done;
}

ActionOutcome ActionWrites::act_on(const OrderId& order_id, const Step& step,
                                   WriteTransaction& work) {
    const auto sequence = rows_.sequence_of(order_id);
    if (!sequence) return NoSuchOrder{};
    const bool is_done = take(step, *sequence, work);
    Order order = rows_.row_of(*sequence).value();
    if (!is_done) return NotAllowed{order.status};
    return order;
}

ActionOutcome ActionWrites::act(const ChangeOrder& action, WriteTransaction& work) {
    const auto sequence = rows_.sequence_of(action.order_id);
    if (!sequence) return NoSuchOrder{};
    const Order order = rows_.row_of(*sequence).value();
    if (order.status != OrderStatus::pending) return NotAllowed{order.status};
    if (auto fault = fault_of(action.change, order, work.now().utc)) return *std::move(fault);
    change(*sequence, order, action.change, work);
    note(*sequence, PastAction::What::change, action.by, work);
    return rows_.find(action.order_id).value();
}

ActionOutcome ActionWrites::act(const BulkAction& action, WriteTransaction& work) {
    const bool is_cancel = action.what == BulkAction::What::cancel;
    const Step step{is_cancel ? &ActionWrites::cancel : &ActionWrites::retry,
                    is_cancel ? PastAction::What::cancel : PastAction::What::retry, action.by};
    BulkDone done;
    for (const OrderSequence sequence : action.orders) {
        const auto order = rows_.row_of(sequence);
        if (!order || !action.filter.fits(*order)) continue;
        if (take(step, sequence, work)) ++done.changed;
    }
    return done;
}

ActionOutcome ActionWrites::act(const PauseKind& action, WriteTransaction& work) {
    if (action.is_paused) {
        const auto kind = kinds_.find_or_add(action.kind, work);
        if (!kind) return TooManyKinds{};
        kinds_.set_paused(*kind, true);
    } else if (const auto kind = kinds_.find(action.kind)) {
        kinds_.set_paused(*kind, false);
        work.note_claimable();
    }
    return Done{};
}

ActionOutcome ActionWrites::act(const AwaitEnds& action, WriteTransaction& work) {
    const UtcTime now = work.now().utc;
    await_ends_.run(to_column(now + action.duration), to_column(now + longest_awaiting));
    return Done{};
}

ActionOutcome ActionWrites::act(const AwaitChanges& action, WriteTransaction& work) {
    changes_.keep(action.duration, work);
    return Done{};
}

bool ActionWrites::cancel(OrderSequence order, WriteTransaction& work) {
    return ends_.cancel(order, work.now().utc, work);
}

bool ActionWrites::retry(OrderSequence order, WriteTransaction& work) {
    struct Ended {
        StoredStatus status{};
        CountedAs as;
        std::optional<UtcTime> due_at;
        std::optional<std::int64_t> worker;
        std::string order_id;
        PastAttempt attempt;  // the one that was in work at the end, if there is a worker
    };
    const auto ended = [&]() -> std::optional<Ended> {
        Cursor row = ended_.query(order.value);
        if (!row.next()) return std::nullopt;
        Ended found{
            .status = status_from_column(row.get<std::int64_t>(0)),
            .as = {row.get<std::int64_t>(1), priority_from_column(row.get<std::int64_t>(2))},
            .due_at = time_from_column(row.get<std::optional<std::int64_t>>(3)),
            .worker = row.get<std::optional<std::int64_t>>(5),
            .order_id = row.get<std::string>(9),
            .attempt = {}};
        if (!found.worker) return found;
        found.attempt.token = row.get<std::int64_t>(4);
        found.attempt.started_at = time_from_column(row.get<std::int64_t>(6));
        found.attempt.ended_at = time_from_column(row.get<std::int64_t>(7));
        found.attempt.outcome = found.status == StoredStatus::failed
                                    ? PastAttempt::Outcome::failed
                                    : PastAttempt::Outcome::cancelled;
        found.attempt.reason = row.get<std::optional<std::string>>(8);
        return found;
    }();
    if (!ended) return false;
    if (ended->worker) {
        PastAttempt attempt = ended->attempt;
        attempt.detail = content_.failure_detail(order);
        content_.add_attempt(order, *ended->worker, attempt);
    }
    content_.drop_result(order, work);
    const UtcTime now = work.now().utc;
    const QueueEntry entry = enter_queue(ended->due_at.value_or(now), now, work);
    begin_round_.run(order.value, to_column(entry.status), to_column(entry.due_at), entry.place);
    work.note_moved(ended->as, ended->status, entry.status);
    if (work.keeps_changes()) {
        work.note_change({.order_id = ended->order_id,
                          .kind = ended->as.kind,
                          .priority = ended->as.priority,
                          .status = entry.status});
    }
    return true;
}

void ActionWrites::change(OrderSequence sequence, const Order& order, const OrderChange& change,
                          WriteTransaction& work) {
    const UtcTime now = work.now().utc;
    const std::int64_t kind = kinds_.find(order.spec.kind).value();
    const CountedAs as_it_was{kind, order.spec.priority};
    const CountedAs as_it_is{kind, change.priority.value_or(order.spec.priority)};
    const StoredStatus status_as_it_was = stored_status_of(order);
    std::optional<QueueEntry> entry;
    if (change.due) {
        entry = enter_queue(*change.due ? due_time(**change.due, now) : now, now, work);
    }
    const StoredStatus status = entry ? entry->status : status_as_it_was;
    change_.run(sequence.value, to_column(as_it_is.priority), to_column(status),
                to_column(entry ? std::optional(entry->due_at) : order.due_at),
                entry ? std::optional(entry->place) : std::nullopt,
                to_column(change.start_before.value_or(order.spec.start_before)));
    if (as_it_is != as_it_was || status != status_as_it_was) {
        work.note_recounted(as_it_was, status_as_it_was, as_it_is, status);
    }
    if (as_it_is != as_it_was && work.keeps_changes()) {
        work.note_change({.order_id = order.spec.order_id.text(),
                          .kind = kind,
                          .priority = as_it_is.priority,
                          .status = status,
                          .attempts = order.attempts});
    }
    if (!change.timeout && !change.max_attempts) return;
    AttemptOptions options = content_.options(sequence);
    options.timeout = change.timeout.value_or(options.timeout);
    options.max_attempts = change.max_attempts.value_or(options.max_attempts);
    content_.set_options(sequence, options);
}

}  // namespace orders::sqlite
