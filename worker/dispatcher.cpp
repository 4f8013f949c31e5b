#include "worker/dispatcher.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <iterator>
#include <span>
#include <utility>

#include "shared/log/log.h"
#include "shared/os/poll_until.h"
#include "shared/storage/store_error.h"

namespace orders {
namespace {

constexpr std::chrono::milliseconds error_pause{250};
constexpr std::chrono::milliseconds look_interval_without_bell{250};
// How long processing that was told to stop may take to return before its order is given back
// anyway.
constexpr std::chrono::milliseconds interruption_limit{1'000};
// Of results, of renewals and of claims. A thousand take some milliseconds.
constexpr std::size_t most_per_turn = 1'000;

void warn_of_stuck(const ClaimedOrder& order) {
    log::warn("processing does not stop", {{"order_id", order.spec.order_id.text()},
                                           {"consequence", "it takes the place of another"},
                                           {"trace_id", order.spec.trace_id()}});
}

void log_unsuccessful(std::string_view what, const ClaimedOrder& order, const std::string& reason) {
    log::info(what, {{"order_id", order.spec.order_id.text()},
                     {"attempt", order.attempt},
                     {"reason", reason},
                     {"trace_id", order.spec.trace_id()}});
}

// How many orders it takes now, if that is fewer than `most`.
std::size_t room_in(const ClaimShare& share, std::size_t most) {
    most = std::min(share.limit, most);
    if (share.kinds.empty()) return most;
    std::size_t room = 0;
    for (const KindLimit& limit : share.kinds) room += std::min(limit.orders, most - room);
    return room;
}

// How many orders one turn may claim.
std::size_t room_in(const std::vector<ClaimShare>& shares) {
    std::size_t room = 0;
    for (const ClaimShare& share : shares) room += room_in(share, most_per_turn - room);
    return room;
}

HousekeepingOptions with_renewal(HousekeepingOptions options, std::function<void()> renew) {
    options.renew_own = std::move(renew);
    return options;
}

}  // namespace

Dispatcher::Dispatcher(const DispatcherParts& parts, DispatcherOptions options)
    : store_(parts.store),
      in_work_(parts.in_work),
      work_watch_(parts.work_watch),
      end_watch_(parts.end_watch),
      wake_(parts.wake),
      options_(std::move(options)),
      housekeeping_(parts.housekeeping,
                    with_renewal(options_.housekeeping, [this] { renew_now(); })) {}

void Dispatcher::run(const std::stop_token& stop) {
    while (!is_finished()) {
        options_.on_turn();
        try {
            if (!worker_) {
                if (stop.stop_requested()) return;
                enlist();
            }
            take_turn(stop);
            keep_house();
            sleep_until_something_happens();
        } catch (const StoreError& error) {
            if (error.is_fatal()) throw;
            note_failure(error);
            pause_after_error();
        }
    }
    retire();
}

void Dispatcher::enlist() {
    const auto now = std::chrono::steady_clock::now();
    cancel_count_ = store_.cancel_count();
    worker_ = store_.enlist(options_.worker, options_.lease_time);
    next_heartbeat_ = now + heartbeat_interval();
    log::info("working", {{"worker", options_.worker.name},
                          {"threads", options_.worker.threads},
                          {"db", options_.store}});
    options_.on_enlisted();
}

SteadyTime::duration Dispatcher::heartbeat_interval() const {
    return longest_silence(options_.lease_time) / 3;
}

void Dispatcher::keep_house() {
    const auto now = std::chrono::steady_clock::now();
    if (phase_ == Phase::working && housekeeping_.next_step() <= now) housekeeping_.step(now);
}

void Dispatcher::retire() {
    try {
        store_.retire(*worker_, options_.figures_so_far());
    } catch (const StoreError& error) {  // it holds nothing, and its heartbeat will run out
        log::warn("signing off failed",
                  {{"detail", error.what()},
                   {"consequence", "others take this worker for dead; it holds no order"}});
    }
}

bool Dispatcher::is_finished() const {
    return phase_ != Phase::working && finished_.empty() && in_work_.held() == 0;
}

void Dispatcher::sleep_until_something_happens() {
    if (is_finished()) return;
    SteadyTime until = std::min({next_look_, next_heartbeat_, phase_ends_});
    if (!finished_.empty() || renewed_up_to_) until = SteadyTime::min();  // the last turn was full
    if (phase_ == Phase::working) until = std::min(until, housekeeping_.next_step());
    if (const auto deadline = in_work_.next_deadline()) until = std::min(until, *deadline);

    const bool wants_work = phase_ == Phase::working && room_in(in_work_.free_capacity()) > 0;
    std::array<pollfd, 3> sources{pollfd{wake_.fd(), POLLIN, 0}, pollfd{end_watch_.fd(), POLLIN, 0},
                                  pollfd{wants_work ? work_watch_.fd() : -1, POLLIN, 0}};
    poll_until(sources, until);
    // Forgotten before looking, so that whatever comes after the look wakes again.
    wake_.clear();
    const auto clear = [](WorkWatch& watch, const pollfd& source) {
        if (is_readable(source) || watch.fd() < 0) watch.clear();
    };
    clear(end_watch_, sources[1]);
    clear(work_watch_, sources[2]);
    // The end bell rings for all that ends; a worker wants to know of cancelled orders only.
    const auto has_come = [&](std::size_t at) { return is_readable(sources.at(at)); };
    is_look_due_ = has_come(0) || has_come(2);
    if (has_come(1)) look_for_cancelled(std::chrono::steady_clock::now());
}

void Dispatcher::note_failure(const StoreError& error) {
    housekeeping_.note_failure();
    if (!error.is_logged()) failures_.count();
    if (const auto times = failures_.take_due()) {
        log::error("claiming and settling orders failed",
                   {{"detail", error.what()},
                    {"times", *times},
                    {"consequence", "orders wait; it is tried again"}});
    }
}

// A request to stop ends the pause. So does an order that finishes, which merely brings the next
// try forward.
void Dispatcher::pause_after_error() {
    pollfd source{wake_.fd(), POLLIN, 0};
    ::poll(&source, 1, static_cast<int>(error_pause.count()));
    wake_.clear();
    is_look_due_ = true;
}

void Dispatcher::take_turn(const std::stop_token& stop) {
    const auto now = std::chrono::steady_clock::now();
    // Before the drain, which gives back whatever has not been taken.
    std::ranges::move(in_work_.take_finished(now), std::back_inserter(finished_));
    if (stop.stop_requested()) drain(now);
    for (const ClaimedOrder& order : in_work_.take_stuck(now)) warn_of_stuck(order);
    if (const auto turn = plan_turn(now)) carry_out(*turn, now);
    store_.tidy();
}

void Dispatcher::drain(SteadyTime now) {
    if (phase_ == Phase::working) {
        const std::chrono::duration<double> limit_seconds = options_.drain_limit;
        log::info("orders in work may still finish",
                  {{"orders", in_work_.held()}, {"limit_seconds", limit_seconds.count()}});
        phase_ = Phase::draining;
        phase_ends_ = now + options_.drain_limit;
    }
    if (phase_ == Phase::draining && (now >= phase_ends_ || options_.hurry.stop_requested())) {
        log::info("orders that are not finished are given back",
                  {{"orders", in_work_.held()},
                   {"consequence", "they are Pending again, and no attempt is charged"}});
        in_work_.interrupt();
        phase_ = Phase::interrupted;
        phase_ends_ = now + interruption_limit;
    }
    if (phase_ == Phase::interrupted && now >= phase_ends_) {
        for (FinishedOrder& order : in_work_.abandon_all()) {
            warn_of_stuck(order.order);
            finished_.push_back(std::move(order));
        }
        phase_ends_ = SteadyTime::max();
    }
}

void Dispatcher::look(SteadyTime now) {
    has_claimable_ = false;
    if (!is_look_due_ && now < next_look_) return;
    const ClaimRequest claim = next_claim();
    has_claimable_ = claim.limit > 0 && store_.has_claimable(claim.shares);
    if (now >= next_look_) {
        next_look_ = now + (work_watch_.fd() < 0
                                ? std::min(look_interval_without_bell, options_.look_interval)
                                : options_.look_interval);
        look_for_cancelled(now);  // should no bell have told
    }
}

// Which of them it held, if any, its next heartbeat tells.
void Dispatcher::look_for_cancelled(SteadyTime now) {
    const std::int64_t cancel_count = store_.cancel_count();
    if (std::exchange(cancel_count_, cancel_count) != cancel_count) next_heartbeat_ = now;
}

ClaimRequest Dispatcher::next_claim() const {
    const std::size_t payload_bytes = in_work_.payload_bytes();
    if (phase_ != Phase::working || payload_bytes >= options_.max_payload_bytes) return {};
    ClaimRequest claim{.shares = in_work_.free_capacity()};
    claim.limit = room_in(claim.shares);
    claim.max_payload_bytes = options_.max_payload_bytes - payload_bytes;
    claim.normal_max_wait = options_.normal_max_wait;
    return claim;
}

std::optional<WorkerTurn> Dispatcher::plan_turn(SteadyTime now) {
    look(now);
    WorkerTurn turn{.worker = *worker_, .lease_time = options_.lease_time, .claim = next_claim()};
    const bool is_heartbeat_due = renewed_up_to_ || now >= next_heartbeat_ || has_breaker_changed();
    const bool is_claim_due = has_claimable_ && turn.claim.limit > 0;
    if (finished_.empty() && !is_heartbeat_due && !is_claim_due) return std::nullopt;

    if (is_heartbeat_due) plan_heartbeat(turn);
    const std::size_t results = std::min(finished_.size(), most_per_turn);
    for (const FinishedOrder& finished : std::span(finished_).first(results)) {
        if (finished.result) {
            turn.settlements.push_back({finished.order.lease, *finished.result});
        } else {
            turn.releases.push_back(finished.order.lease);
        }
    }
    return turn;
}

// Which an operator wants to see at once.
bool Dispatcher::has_breaker_changed() const {
    return !std::ranges::equal(in_work_.endpoints(), told_endpoints_, {},
                               &EndpointState::is_breaker_open, &EndpointState::is_breaker_open);
}

void Dispatcher::plan_heartbeat(WorkerTurn& turn) const {
    turn.is_heartbeat = true;
    turn.endpoints = in_work_.endpoints();
    turn.figures = options_.figures_so_far();
    turn.renewals = in_work_.held_after(renewed_up_to_.value_or(Lease{}), most_per_turn);
}

void Dispatcher::note_heartbeat(const WorkerTurn& turn, SteadyTime now) {
    told_endpoints_ = turn.endpoints;
    if (!renewed_up_to_) next_heartbeat_ = now + heartbeat_interval();
    const bool may_be_more = turn.renewals.size() == most_per_turn;
    renewed_up_to_ = may_be_more ? std::optional(turn.renewals.back()) : std::nullopt;
}

void Dispatcher::carry_out(const WorkerTurn& turn, SteadyTime now) {
    WorkerOutcomes outcomes = store_.take_turn(turn);

    if (turn.is_heartbeat) note_heartbeat(turn, now);
    if (outcomes.expired > 0) log_expired(outcomes.expired);
    if (outcomes.has_more || outcomes.claimed.size() == most_per_turn) next_look_ = now;
    for (const ClaimedOrder& order : outcomes.claimed) {
        options_.figures->note_claimed(order.spec.priority == Priority::high ? 0 : 1, order.waited);
    }
    in_work_.start(std::move(outcomes.claimed));
    housekeeping_.note_settled(turn.settlements.size());
    note_settled(turn, outcomes.settled);
    drop_lost(outcomes.lost);
}

// All leases, from the first one on.
void Dispatcher::renew_now() {
    renewed_up_to_.reset();
    do {
        WorkerTurn turn{.worker = *worker_, .lease_time = options_.lease_time};
        plan_heartbeat(turn);
        carry_out(turn, std::chrono::steady_clock::now());
    } while (renewed_up_to_);
}

void Dispatcher::note_settled(const WorkerTurn& turn, const std::vector<SettleOutcome>& outcomes) {
    const std::size_t results = turn.settlements.size() + turn.releases.size();
    const auto rest = finished_.begin() + static_cast<std::ptrdiff_t>(results);
    const std::vector<FinishedOrder> done(std::move_iterator(finished_.begin()),
                                          std::move_iterator(rest));
    finished_.erase(finished_.begin(), rest);
    const auto now = std::chrono::steady_clock::now();
    auto outcome = outcomes.begin();
    for (const auto& [order, result, began] : done) {
        if (!result) continue;
        assert(outcome != outcomes.end());
        const bool is_settled = *outcome++ == SettleOutcome::settled;
        if (is_settled) {
            options_.figures->note_settled(order.spec.kind.name(), now - began);
        } else {
            options_.figures->note_late_result();
        }
        if (is_settled && log::is_enabled(log::Level::debug)) {
            log::debug("order settled", {{"order_id", order.spec.order_id.text()},
                                         {"token", order.lease.token},
                                         {"trace_id", order.spec.trace_id()}});
        }
        if (!is_settled) {
            log::warn("lease lost", {{"order_id", order.spec.order_id.text()},
                                     {"attempt", order.attempt},
                                     {"consequence", "its result was refused"},
                                     {"trace_id", order.spec.trace_id()}});
        } else if (const auto* failure = std::get_if<Failure>(&*result)) {
            log_unsuccessful("order failed", order, failure->reason);
        } else if (const auto* retry = std::get_if<Retry>(&*result)) {
            const bool was_last = order.attempt >= order.limits.max_attempts;
            log_unsuccessful(was_last ? "order failed" : "order is to be tried again", order,
                             retry->reason);
        }
    }
}

void Dispatcher::drop_lost(const std::vector<Lease>& lost) {
    for (const Lease& lease : lost) {
        if (const auto order = in_work_.abandon(lease)) {
            log::warn("lease lost", {{"order_id", order->spec.order_id.text()},
                                     {"attempt", order->attempt},
                                     {"consequence", "its processing was told to stop"},
                                     {"trace_id", order->spec.trace_id()}});
        }
    }
}

}  // namespace orders
