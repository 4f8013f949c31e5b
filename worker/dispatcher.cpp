#include "worker/dispatcher.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "shared/log/log.h"
#include "shared/storage/store_error.h"

namespace orders {
namespace {

constexpr std::chrono::milliseconds error_pause{250};
// How long processing that was told to stop may take to return before its order is given back
// anyway.
constexpr std::chrono::milliseconds interruption_limit{1'000};

void warn_of_stuck(const ClaimedOrder& order) {
    log::warn("processing does not stop", {{"order_id", order.spec.order_id.text()},
                                           {"consequence", "its thread is occupied"}});
}

void log_unsuccessful(std::string_view what, const ClaimedOrder& order, const std::string& reason) {
    log::info(
        what,
        {{"order_id", order.spec.order_id.text()}, {"attempt", order.attempt}, {"reason", reason}});
}

HousekeepingOptions with_renewal(HousekeepingOptions options, std::function<void()> renew) {
    options.renew_own = std::move(renew);
    return options;
}

}  // namespace

Dispatcher::Dispatcher(const DispatcherParts& parts, DispatcherOptions options)
    : store_(parts.store),
      pool_(parts.pool),
      work_watch_(parts.work_watch),
      end_watch_(parts.end_watch),
      wake_(parts.wake),
      options_(std::move(options)),
      housekeeping_(parts.housekeeping,
                    with_renewal(options_.housekeeping, [this] { renew_now(); })) {}

void Dispatcher::run(const std::stop_token& stop) {
    while (!is_finished()) {
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
        store_.retire(*worker_);
    } catch (const StoreError& error) {  // it holds nothing, and its heartbeat will run out
        log::warn("signing off failed",
                  {{"detail", error.what()},
                   {"consequence", "others take this worker for dead; it holds no order"}});
    }
}

bool Dispatcher::is_finished() const {
    return phase_ != Phase::working && finished_.empty() && pool_.held().empty();
}

void Dispatcher::sleep_until_something_happens() {
    if (is_finished()) return;
    SteadyTime until = std::min({next_look_, next_heartbeat_, phase_ends_});
    if (phase_ == Phase::working) until = std::min(until, housekeeping_.next_step());
    if (const auto deadline = pool_.next_deadline()) until = std::min(until, *deadline);
    const auto now = std::chrono::steady_clock::now();
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(until - now);

    const bool wants_work = phase_ == Phase::working && pool_.free_threads() > 0;
    std::array<pollfd, 3> sources{pollfd{wake_.fd(), POLLIN, 0}, pollfd{end_watch_.fd(), POLLIN, 0},
                                  pollfd{wants_work ? work_watch_.fd() : -1, POLLIN, 0}};
    ::poll(sources.data(), sources.size(),
           static_cast<int>(std::clamp<std::int64_t>(wait.count(), 0, 60'000)));
    // Forgotten before looking, so that whatever comes after the look wakes again.
    wake_.clear();
    const auto clear = [](WorkWatch& watch, const pollfd& source) {
        if ((source.revents & POLLIN) != 0 || watch.fd() < 0) watch.clear();
    };
    clear(end_watch_, sources[1]);
    clear(work_watch_, sources[2]);
    // The end bell rings for all that ends; a worker wants to know of cancelled orders only.
    const auto has_come = [&](std::size_t at) { return (sources.at(at).revents & POLLIN) != 0; };
    is_look_due_ = has_come(0) || has_come(2);
    if (has_come(1)) look_for_cancelled(std::chrono::steady_clock::now());
}

void Dispatcher::note_failure(const StoreError& error) {
    housekeeping_.note_failure();
    failures_.count();
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
    std::ranges::move(pool_.take_finished(now), std::back_inserter(finished_));
    if (stop.stop_requested()) drain(now);
    for (const ClaimedOrder& order : pool_.take_stuck(now)) warn_of_stuck(order);
    if (const auto turn = plan_turn(now)) carry_out(*turn, now);
    store_.tidy();
}

void Dispatcher::drain(SteadyTime now) {
    if (phase_ == Phase::working) {
        const std::chrono::duration<double> limit_seconds = options_.drain_limit;
        log::info("orders in work may still finish",
                  {{"orders", pool_.held().size()}, {"limit_seconds", limit_seconds.count()}});
        phase_ = Phase::draining;
        phase_ends_ = now + options_.drain_limit;
    }
    if (phase_ == Phase::draining && (now >= phase_ends_ || options_.hurry.stop_requested())) {
        log::info("orders that are not finished are given back",
                  {{"orders", pool_.held().size()},
                   {"consequence", "they are Pending again, and no attempt is charged"}});
        pool_.interrupt();
        phase_ = Phase::interrupted;
        phase_ends_ = now + interruption_limit;
    }
    if (phase_ == Phase::interrupted && now >= phase_ends_) {
        for (FinishedOrder& order : pool_.abandon_all()) {
            warn_of_stuck(order.order);
            finished_.push_back(std::move(order));
        }
        phase_ends_ = SteadyTime::max();
    }
}

void Dispatcher::look(SteadyTime now) {
    has_claimable_ = false;
    if (!is_look_due_ && now < next_look_) return;
    has_claimable_ = store_.has_claimable(options_.claim.kinds);
    if (now >= next_look_) {
        next_look_ = now + options_.look_interval;
        look_for_cancelled(now);  // should no bell have told
    }
}

// Which of them it held, if any, its next heartbeat tells.
void Dispatcher::look_for_cancelled(SteadyTime now) {
    const std::int64_t cancel_count = store_.cancel_count();
    if (std::exchange(cancel_count_, cancel_count) != cancel_count) next_heartbeat_ = now;
}

std::optional<WorkerTurn> Dispatcher::plan_turn(SteadyTime now) {
    look(now);
    const std::size_t payload_bytes = pool_.payload_bytes();
    const bool is_claiming = phase_ == Phase::working && payload_bytes < options_.max_payload_bytes;
    const std::size_t free_threads = is_claiming ? pool_.free_threads() : 0;
    const bool is_heartbeat_due = now >= next_heartbeat_;
    const bool is_claim_due = has_claimable_ && free_threads > 0;
    if (finished_.empty() && !is_heartbeat_due && !is_claim_due) return std::nullopt;

    WorkerTurn turn{.worker = *worker_,
                    .lease_time = options_.lease_time,
                    .is_heartbeat = is_heartbeat_due,
                    .claim = options_.claim};
    turn.claim.limit = free_threads;
    turn.claim.max_payload_bytes =
        options_.max_payload_bytes - std::min(payload_bytes, options_.max_payload_bytes);
    for (const FinishedOrder& finished : finished_) {
        if (finished.result) {
            turn.settlements.push_back({finished.order.lease, *finished.result});
        } else {
            turn.releases.push_back(finished.order.lease);
        }
    }
    if (turn.is_heartbeat) turn.renewals = pool_.held();
    return turn;
}

void Dispatcher::carry_out(const WorkerTurn& turn, SteadyTime now) {
    WorkerOutcomes outcomes = store_.take_turn(turn);

    if (turn.is_heartbeat) next_heartbeat_ = now + heartbeat_interval();
    if (outcomes.expired > 0) log_expired(outcomes.expired);
    if (outcomes.has_more) next_look_ = now;
    pool_.start(std::move(outcomes.claimed));
    housekeeping_.note_settled(turn.settlements.size());
    note_settled(outcomes.settled);
    drop_lost(outcomes.lost);
}

// Between two turns: nothing waits to be settled.
void Dispatcher::renew_now() {
    assert(finished_.empty());
    const auto now = std::chrono::steady_clock::now();
    carry_out({.worker = *worker_,
               .lease_time = options_.lease_time,
               .is_heartbeat = true,
               .renewals = pool_.held()},
              now);
}

void Dispatcher::note_settled(const std::vector<SettleOutcome>& outcomes) {
    auto outcome = outcomes.begin();
    for (const auto& [order, result] : std::exchange(finished_, {})) {
        if (!result) continue;
        assert(outcome != outcomes.end());
        const bool is_settled = *outcome++ == SettleOutcome::settled;
        if (is_settled && log::is_enabled(log::Level::debug)) {
            log::debug("order settled",
                       {{"order_id", order.spec.order_id.text()}, {"token", order.lease.token}});
        }
        if (!is_settled) {
            log::warn("lease lost", {{"order_id", order.spec.order_id.text()},
                                     {"attempt", order.attempt},
                                     {"consequence", "its result was refused"}});
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
        if (const auto order = pool_.abandon(lease)) {
            log::warn("lease lost", {{"order_id", order->spec.order_id.text()},
                                     {"attempt", order->attempt},
                                     {"consequence", "its processing was told to stop"}});
        }
    }
}

}  // namespace orders
