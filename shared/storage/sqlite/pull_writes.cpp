#include "shared/storage/sqlite/pull_writes.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "shared/storage/decisions/lease_steps.h"
#include "shared/storage/sqlite/columns.h"
#include "shared/storage/store_error.h"

namespace orders::sqlite {
namespace {

using Outcome = PastAttempt::Outcome;
using std::chrono::milliseconds;

constexpr AttemptEnds::GivenBack released{.outcome = Outcome::released, .is_charged = false};

}  // namespace

PullWrites::PullWrites(Connection& connection, OrderContent& content, OrderRows& rows,
                       AttemptEnds& ends)
    : content_(content),
      rows_(rows),
      ends_(ends),
      claims_(connection, content, ends),
      pullers_(connection, ends),
      // What a worker of ours holds is not a client's to end.
      held_(connection,
            "SELECT l.worker, l.deadline, l.started_at, k.name FROM leases l"
            " JOIN orders o ON o.seq = l.seq JOIN kinds k ON k.id = o.kind"
            " WHERE l.seq = ?1 AND o.lease_token = ?2 AND o.status = 1"
            " AND l.deadline IS NOT NULL"),
      renew_(connection, "UPDATE leases SET expires_at = ?2 WHERE seq = ?1"),
      standing_(connection, "SELECT status, lease_token, failure FROM orders WHERE seq = ?"),
      past_(connection, "SELECT outcome FROM past_attempts WHERE seq = ? AND token = ?") {}

void PullWrites::begin() {
    orders_left_ = most_pulled_orders;
    payload_left_ = ClaimRequest::most_payload_bytes;
    found_nothing_.clear();
    unread_.clear();
}

bool PullWrites::is_known_empty(const ClaimRequest& claim) const {
    return std::ranges::any_of(
        found_nothing_, [&](const ClaimRequest* other) { return ask_the_same(claim, *other); });
}

ActionOutcome PullWrites::act(const PullOrders& action, WriteTransaction& work) {
    unread_.emplace_back();
    Pulled pulled;
    pulled.has_more = orders_left_ == 0 || payload_left_ <= 0;
    if (pulled.has_more || is_known_empty(action.claim)) return pulled;
    if (!claims_.is_any_there(action.claim.shares)) {
        found_nothing_.push_back(&action.claim);
        return pulled;
    }
    const Moment& now = work.now();
    const ClaimShare& share = action.claim.shares.at(0);
    const auto worker = pullers_.note(action.worker, share.kinds, action.claim.limit, now, work);
    if (!worker) return TooManyPullers{};
    ClaimRequest request = action.claim;
    request.limit = std::min(request.limit, orders_left_);
    request.max_payload_bytes =
        std::min(request.max_payload_bytes, static_cast<std::size_t>(payload_left_));
    Claims::Claimed found = claims_.claim(
        request, {.worker = *worker, .lease_time = action.lease_time, .end_with_timeout = true},
        now, work);
    orders_left_ -= found.orders.size();
    payload_left_ -= found.payload_bytes;
    pulled.expired = found.expired;
    pulled.has_more = found.has_more;
    pulled.orders.reserve(found.orders.size());
    for (ClaimedOrder& claimed : found.orders) {
        Order order = rows_.row_of(claimed.lease.order).value();
        order.spec.payload = std::move(claimed.spec.payload);
        order.spec.trace = std::move(claimed.spec.trace);
        pulled.orders.push_back({.order = std::move(order),
                                 .lease = claimed.lease,
                                 .lease_left = std::min(action.lease_time, claimed.limits.timeout),
                                 .time_left = claimed.limits.timeout});
    }
    unread_.back() = std::move(found.unread);
    return pulled;
}

ActionOutcome PullWrites::act(const NotePullers& action, WriteTransaction& work) {
    for (const auto& [worker, kinds, orders] : action.pullers) {
        // A name for which there is no room is told so when there is something to claim.
        (void)pullers_.note(worker, kinds, orders, work.now(), work);
    }
    return Done{};
}

ActionOutcome PullWrites::act(const LeaseActions& action, WriteTransaction& work) {
    LeaseOutcomes outcomes;
    outcomes.reserve(action.actions.size());
    for (const LeaseAction& one : action.actions) {
        LeaseOutcome& outcome = outcomes.emplace_back(act_on(one, work));
        const bool is_over = outcome.state != LeaseOutcome::State::lost &&
                             outcome.state != LeaseOutcome::State::renewed;
        if (!action.are_orders_wanted || !is_over) continue;
        outcome.order = rows_.row_of(one.lease.order).value();
        content_.read_result(one.lease.order, *outcome.order);
    }
    return outcomes;
}

std::optional<PullWrites::Held> PullWrites::find_held(const Lease& lease) {
    Cursor row = held_.query(lease.order.value, lease.token);
    if (!row.next()) return std::nullopt;
    return Held{.worker = {row.get<std::int64_t>(0)},
                .deadline = milliseconds(row.get<std::int64_t>(1)),
                .started_at = time_from_column(row.get<std::int64_t>(2)),
                .kind = row.get<std::string>(3)};
}

LeaseOutcome PullWrites::act_on(const LeaseAction& action, WriteTransaction& work) {
    const auto held = find_held(action.lease);
    if (!held) return not_held(action);
    if (const auto* how = std::get_if<RenewLease>(&action.what)) {
        return renew(action.lease, *held, *how, work);
    }
    if (const auto* result = std::get_if<ProcessingResult>(&action.what)) {
        (void)ends_.settle({action.lease, *result}, work.now().utc, work);
        return {.state = LeaseOutcome::State::settled,
                .was_in_work = {{Kind::parse(held->kind).value_or(Kind()),
                                 waited(held->started_at, work.now().utc)}}};
    }
    (void)ends_.give_back(action.lease, released, work.now().utc, work);
    return {.state = LeaseOutcome::State::released};
}

LeaseOutcome PullWrites::renew(const Lease& lease, const Held& held, RenewLease how,
                               WriteTransaction& work) {
    const Moment& now = work.now();
    const auto time_left = held.deadline - now.since_boot;
    if (time_left <= time_left.zero()) {
        (void)ends_.settle({lease, Failure{failure_reason::timeout}}, now.utc, work);
        return {.state = LeaseOutcome::State::lost, .order_status = OrderStatus::failed};
    }
    const auto lease_left = std::min(how.lease_time, time_left);
    renew_.run(lease.order.value, (now.since_boot + lease_left).count());
    pullers_.note_renewal(held.worker, now);
    return {
        .state = LeaseOutcome::State::renewed, .lease_left = lease_left, .time_left = time_left};
}

LeaseOutcome PullWrites::not_held(const LeaseAction& action) {
    if (was_done_before(action)) return {.state = LeaseOutcome::State::already_settled};
    LeaseOutcome lost;
    if (Cursor row = standing_.query(action.lease.order.value); row.next()) {
        lost.order_status = to_status(status_from_column(row.get<std::int64_t>(0)));
    }
    return lost;
}

bool PullWrites::was_done_before(const LeaseAction& action) {
    if (std::holds_alternative<RenewLease>(action.what)) return false;
    const auto& [lease, what] = action;
    if (Cursor row = past_.query(lease.order.value, lease.token); row.next()) {
        return static_cast<Outcome>(row.get<std::int64_t>(0)) == past_outcome_of(action);
    }
    const auto* const result = std::get_if<ProcessingResult>(&what);
    Cursor row = standing_.query(lease.order.value);
    if (result == nullptr || !row.next() || row.get<std::int64_t>(1) != lease.token) return false;
    const StoredStatus status = status_from_column(row.get<std::int64_t>(0));
    const std::string* const reason = reason_of(*result);
    if (reason == nullptr) return status == StoredStatus::processed;
    return status == StoredStatus::failed && row.get<std::optional<std::string>>(2) == *reason;
}

// All is on disk by now: what stands in the way of reading is told by whoever reads or writes next.
JsonText PullWrites::payload_of(const PulledOrder& order) {
    try {
        return claims_.payload_of(order.lease, order.order.spec.order_id);
    } catch (const StoreError&) {
        return nullptr;
    }
}

void PullWrites::read_payloads(std::vector<ActionOutcome>& outcomes) {
    auto unread = unread_.begin();
    for (ActionOutcome& outcome : outcomes) {
        if (std::holds_alternative<TooManyPullers>(outcome)) ++unread;
        auto* const pulled = std::get_if<Pulled>(&outcome);
        if (pulled == nullptr) continue;
        // From the last one on, so that leaving one out moves none that is still to come.
        for (; !unread->empty(); unread->pop_back()) {
            const auto order = pulled->orders.begin() + static_cast<std::ptrdiff_t>(unread->back());
            order->order.spec.payload = payload_of(*order);
            if (!order->order.spec.payload) pulled->orders.erase(order);
        }
        ++unread;
    }
}

}  // namespace orders::sqlite
