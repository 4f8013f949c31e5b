#include "shared/storage/postgres/pulls.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "shared/storage/decisions/lease_steps.h"
#include "shared/storage/decisions/worker_texts.h"
#include "shared/storage/postgres/columns.h"
#include "shared/storage/postgres/order_rows.h"
#include "shared/storage/postgres/values.h"

namespace orders::postgres {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds live_for = longest_silence(longest_lease_time);
// A row that says for longer that its worker is live is not written.
constexpr milliseconds fresh_for = live_for / 2;
constexpr std::size_t most_threads = 1'000'000;

}  // namespace

Pulls::Pulls(Transaction& transaction, Claims& claims, Chance& chance)
    : transaction_(transaction),
      claims_(claims),
      chance_(chance),
      orders_left_(most_pulled_orders) {}

bool Pulls::is_known_empty(const ClaimRequest& claim) const {
    return std::ranges::any_of(
        found_nothing_, [&](const ClaimRequest* other) { return ask_the_same(claim, *other); });
}

bool Pulls::is_any_there(const ClaimRequest& claim) {
    QueuePlaces& places = claims_.places();
    const auto [kinds, priorities, after] = places.taken(transaction_.connection());
    const auto found = claimable_kinds(transaction_.query(PG_LOOK, kinds, priorities, after));
    const bool is_any = std::ranges::any_of(
        found, [&](const Kind& kind) { return taker_of(kind, claim.shares).room > 0; });
    if (!is_any) places.end_claim(true);
    return is_any;
}

ActionOutcome Pulls::act(const PullOrders& action) {
    Pulled pulled;
    pulled.has_more = orders_left_ == 0 || payload_left_ <= 0;
    if (pulled.has_more || is_known_empty(action.claim)) return pulled;
    if (!is_any_there(action.claim)) {
        found_nothing_.push_back(&action.claim);
        return pulled;
    }
    const auto worker = note(action.worker, action.claim.shares.at(0).kinds, action.claim.limit);
    if (!worker) return TooManyPullers{};
    ClaimRequest request = action.claim;
    request.limit = std::min(request.limit, orders_left_);
    request.max_payload_bytes =
        std::min(request.max_payload_bytes, static_cast<std::size_t>(payload_left_));
    claims_.begin(transaction_, request);
    Claims::Claimed found = claims_.choose(
        transaction_, request,
        {.worker = *worker, .lease_time = action.lease_time, .end_with_timeout = true},
        transaction_.receive(), 0);
    Claims::take_payloads(found, transaction_.receive());
    claims_.keep_places();
    orders_left_ -= found.orders.size();
    payload_left_ -= found.payload_bytes;
    pulled.expired = found.expired;
    pulled.has_more = found.has_more;
    Array numbers;
    for (const ClaimedOrder& claimed : found.orders) numbers.add(claimed.lease.order.value);
    std::vector<OrderRow> rows = orders_from(transaction_.query(PG_ORDERS_BY_NUMBER, numbers));
    for (std::size_t at = 0; at < found.orders.size(); ++at) {
        ClaimedOrder& claimed = found.orders[at];
        Order& order = rows.at(at).order;
        order.spec.payload = std::move(claimed.spec.payload);
        order.spec.trace = std::move(claimed.spec.trace);
        pulled.orders.push_back({.order = std::move(order),
                                 .lease = claimed.lease,
                                 .lease_left = std::min(action.lease_time, claimed.limits.timeout),
                                 .time_left = claimed.limits.timeout});
    }
    return pulled;
}

ActionOutcome Pulls::act(const NotePullers& action) {
    for (const auto& [worker, kinds, orders] : action.pullers) {
        // A name for which there is no room is told so when there is something to claim.
        (void)note(worker, kinds, orders);
    }
    return Done{};
}

std::optional<WorkerId> Pulls::note(const std::string& name, const std::vector<KindLimit>& kinds,
                                    std::size_t orders) {
    const std::string stored_name = puller_prefix + name;
    std::vector<Kind> names;
    for (const KindLimit& limit : kinds) names.push_back(limit.kind);
    const auto stored_kinds = names.empty() ? std::nullopt : std::optional(kinds_as_text(names));
    const auto threads = std::clamp<std::size_t>(orders, 1, most_threads);
    transaction_.send(
        "SELECT id, heartbeat_until BETWEEN orders.now_ms() + $2::bigint"
        " AND orders.now_ms() + $3::bigint AND threads = $4::integer"
        " AND kinds IS NOT DISTINCT FROM $5::text FROM orders.workers WHERE name = $1::text",
        stored_name, fresh_for.count(), live_for.count(), threads, stored_kinds);
    const Rows known = std::move(transaction_.receive().back());
    if (!known.empty() && !known.is_null(0, 1) && known.get<bool>(0, 1)) {
        return WorkerId{known.get<std::int64_t>(0, 0)};
    }
    if (known.empty()) {
        const Rows count = transaction_.query("SELECT count(*) FROM orders.workers WHERE pulls");
        if (count.get<std::int64_t>(0, 0) >= static_cast<std::int64_t>(most_pullers)) {
            return std::nullopt;
        }
    }
    const Rows noted = transaction_.query(
        "INSERT INTO orders.workers AS w (name, host, threads, started_at, heartbeat_until,"
        " lease_time, pulls, kinds) VALUES ($1::text, '', $2::integer, orders.now_ms(),"
        " orders.now_ms() + $3::bigint, $4::bigint, true, $5::text)"
        " ON CONFLICT (name) DO UPDATE SET threads = excluded.threads, kinds = excluded.kinds,"
        " heartbeat_until = excluded.heartbeat_until,"
        " started_at = CASE WHEN w.heartbeat_until > orders.now_ms() THEN w.started_at"
        " ELSE excluded.started_at END RETURNING id",
        stored_name, threads, live_for.count(), longest_lease_time.count(), stored_kinds);
    return WorkerId{noted.get<std::int64_t>(0, 0)};
}

ActionOutcome Pulls::act(const LeaseActions& action) {
    LeaseOutcomes outcomes;
    outcomes.reserve(action.actions.size());
    for (const LeaseAction& one : action.actions) {
        LeaseOutcome& outcome = outcomes.emplace_back(act_on(one));
        const bool is_over = outcome.state != LeaseOutcome::State::lost &&
                             outcome.state != LeaseOutcome::State::renewed;
        if (action.are_orders_wanted && is_over) outcome.order = order_of(one.lease.order);
    }
    return outcomes;
}

std::optional<Order> Pulls::order_of(OrderSequence order) {
    transaction_.send(PG_ORDERS_BY_NUMBER, numbers_of(std::span(&order, 1)));
    transaction_.send("SELECT detail, result FROM orders.order_results WHERE seq = $1::bigint",
                      order.value);
    const std::vector<Rows> results = transaction_.receive();
    std::vector<OrderRow> rows = orders_from(results.at(results.size() - 2));
    if (rows.empty()) return std::nullopt;
    const Rows& result = results.back();
    if (!result.empty()) {
        rows[0].order.failure_detail = result.get<std::optional<std::string>>(0, 0);
        rows[0].order.result = json_from_column(result.get<std::optional<std::string>>(0, 1));
    }
    return std::move(rows[0].order);
}

std::optional<Pulls::Held> Pulls::find_held(const Lease& lease) {
    // What a worker of ours holds is not a client's to end.
    const Rows rows = transaction_.query(
        "SELECT l.worker, l.deadline, l.started_at, k.name FROM orders.leases l"
        " JOIN orders.kinds k ON k.id = l.kind WHERE l.seq = $1::bigint AND l.token = $2::bigint"
        " AND l.deadline IS NOT NULL FOR UPDATE OF l",
        lease.order.value, lease.token);
    if (rows.empty()) return std::nullopt;
    return Held{.worker = {rows.get<std::int64_t>(0, 0)},
                .deadline = time_from_column(rows.get<std::int64_t>(0, 1)),
                .started_at = time_from_column(rows.get<std::int64_t>(0, 2)),
                .kind = kind_from_column(rows.get<std::string>(0, 3))};
}

LeaseOutcome Pulls::act_on(const LeaseAction& action) {
    const auto held = find_held(action.lease);
    if (!held) return not_held(action);
    if (const auto* how = std::get_if<RenewLease>(&action.what)) {
        return renew(action.lease, *held, *how);
    }
    if (const auto* result = std::get_if<ProcessingResult>(&action.what)) {
        settle({action.lease, *result});
        return {.state = LeaseOutcome::State::settled,
                .was_in_work = {{held->kind, waited(held->started_at, transaction_.now())}}};
    }
    send_releases(transaction_, std::span(&action.lease, 1));
    (void)transaction_.receive();
    return {.state = LeaseOutcome::State::released};
}

void Pulls::settle(const Settlement& settlement) {
    const Settlements settlements(transaction_, std::span(&settlement, 1), chance_);
    (void)transaction_.receive();
}

LeaseOutcome Pulls::renew(const Lease& lease, const Held& held, RenewLease how) {
    const auto time_left = held.deadline - transaction_.now();
    if (time_left <= time_left.zero()) {
        settle({lease, Failure{failure_reason::timeout}});
        return {.state = LeaseOutcome::State::lost, .order_status = OrderStatus::failed};
    }
    const auto lease_left = std::min<milliseconds>(how.lease_time, time_left);
    transaction_.send(
        "UPDATE orders.leases SET until = orders.now_ms() + $2::bigint WHERE seq = $1::bigint",
        lease.order.value, lease_left.count());
    transaction_.send(
        "UPDATE orders.workers SET heartbeat_until = orders.now_ms() + $2::bigint"
        " WHERE id = $1::bigint AND (heartbeat_until IS NULL"
        " OR heartbeat_until < orders.now_ms() + $3::bigint)",
        held.worker.value, live_for.count(), fresh_for.count());
    (void)transaction_.receive();
    return {
        .state = LeaseOutcome::State::renewed, .lease_left = lease_left, .time_left = time_left};
}

LeaseOutcome Pulls::not_held(const LeaseAction& action) {
    const Lease& lease = action.lease;
    const auto& what = action.what;
    transaction_.send(
        "SELECT outcome FROM orders.past_attempts WHERE seq = $1::bigint AND token = $2::bigint",
        lease.order.value, lease.token);
    transaction_.send(
        "SELECT CASE WHEN o.status = 0 AND l.seq IS NOT NULL THEN 1 ELSE o.status END,"
        " coalesce(l.token, o.token), o.failure FROM orders.orders o"
        " LEFT JOIN orders.leases l ON l.seq = o.seq AND o.status = 0 WHERE o.seq = $1::bigint",
        lease.order.value);
    const std::vector<Rows> results = transaction_.receive();
    const Rows& past = results.at(results.size() - 2);
    const Rows& standing = results.back();
    const bool is_renewal = std::holds_alternative<RenewLease>(what);
    const auto status = [&] {
        return to_status(static_cast<StoredStatus>(standing.get<std::int64_t>(0, 0)));
    };
    const auto was_done_before = [&] {
        if (is_renewal) return false;
        if (!past.empty()) {
            return static_cast<PastAttempt::Outcome>(past.get<std::int64_t>(0, 0)) ==
                   past_outcome_of(action);
        }
        const auto* const result = std::get_if<ProcessingResult>(&what);
        if (result == nullptr || standing.empty()) return false;
        if (standing.get<std::int64_t>(0, 1) != lease.token) return false;
        const std::string* const reason = reason_of(*result);
        if (reason == nullptr) return status() == OrderStatus::processed;
        return status() == OrderStatus::failed &&
               standing.get<std::optional<std::string>>(0, 2) == *reason;
    };
    if (was_done_before()) return {.state = LeaseOutcome::State::already_settled};
    LeaseOutcome lost;
    if (!standing.empty()) lost.order_status = status();
    return lost;
}

}  // namespace orders::postgres
