#include "worker/dispatcher.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "shared/log/log.h"
#include "shared/os/boot_time.h"
#include "shared/storage/store_error.h"

namespace orders {
namespace {

constexpr std::size_t taken_back_per_turn = 1'000;
constexpr std::chrono::milliseconds error_pause{250};
// Two thirds of what a sweep can delete (300, with SQLite).
constexpr std::size_t settled_per_sweep = 200;
constexpr std::chrono::milliseconds quiet_before_sweep{5};
// How long processing that was told to stop may take to return before its order is given back
// anyway.
constexpr std::chrono::milliseconds interruption_limit{1'000};

void warn_of_stuck(const ClaimedOrder& order) {
    log::warn("processing does not stop", {{"order_id", order.spec.order_id.text()},
                                           {"consequence", "its thread is occupied"}});
}

}  // namespace

Dispatcher::Dispatcher(WorkerStore& store, ProcessingPool& pool, WorkWatch& watch, WakeSignal& wake,
                       DispatcherOptions options)
    : store_(store),
      pool_(pool),
      watch_(watch),
      wake_(wake),
      options_(std::move(options)),
      retention_(store, options_.retention) {}

void Dispatcher::run(const std::stop_token& stop) {
    while (!is_finished()) {
        try {
            if (!worker_) {
                if (stop.stop_requested()) return;
                enlist();
            }
            take_turn(stop);
            sweep();
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
    worker_ = store_.enlist(options_.worker, options_.lease_time);
    next_heartbeat_ = now + heartbeat_interval();
    last_turn_ = time_since_boot();
    log::info("working", {{"worker", options_.worker.name},
                          {"threads", options_.worker.threads},
                          {"db", options_.store}});
    options_.on_enlisted();
}

SteadyTime::duration Dispatcher::heartbeat_interval() const {
    return longest_silence(options_.lease_time) / 3;
}

void Dispatcher::sweep() {
    const auto now = std::chrono::steady_clock::now();
    // What is settled between two rounds does not have to be made up for at once.
    if (retention_.next_step() > now) settled_since_sweep_ = 0;
    if (next_sweep() > now) return;
    do {
        settled_since_sweep_ -= std::min(settled_since_sweep_, settled_per_sweep);
        try {
            retention_.step(now);
        } catch (const StoreError& error) {
            // It tries again by itself, after a pause. Results that come in do not wait for that.
            if (error.is_fatal()) throw;
            sweep_failures_.count();
            if (const auto times = sweep_failures_.take_due()) {
                log::warn("deleting old orders failed",
                          {{"detail", error.what()}, {"times", *times}});
            }
        }
    } while (settled_since_sweep_ >= settled_per_sweep && retention_.next_step() <= now);
}

SteadyTime Dispatcher::next_sweep() const {
    if (phase_ != Phase::working) return SteadyTime::max();
    const SteadyTime next = retention_.next_step();
    return settled_since_sweep_ >= settled_per_sweep ? next : std::max(next, quiet_from_);
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
    SteadyTime until = std::min({next_look_, next_heartbeat_, phase_ends_, next_sweep()});
    if (const auto deadline = pool_.next_deadline()) until = std::min(until, *deadline);
    const auto now = std::chrono::steady_clock::now();
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(until - now);

    const bool wants_work = phase_ == Phase::working && pool_.free_threads() > 0;
    std::array<pollfd, 2> sources{pollfd{wake_.fd(), POLLIN, 0},
                                  pollfd{wants_work ? watch_.fd() : -1, POLLIN, 0}};
    ::poll(sources.data(), sources.size(),
           static_cast<int>(std::clamp<std::int64_t>(wait.count(), 0, 60'000)));
    // Forgotten before looking, so that whatever comes after the look wakes again.
    wake_.clear();
    const bool has_bell_rung = (sources[1].revents & POLLIN) != 0;
    if (has_bell_rung || watch_.fd() < 0) watch_.clear();
    is_look_due_ = has_bell_rung || (sources[0].revents & POLLIN) != 0;
}

// If turns are further apart than looks, this process stood still, or waited for the store, and the
// other workers perhaps did, too. A gap that begins while they have time to renew gives them no
// more: on a machine on which every turn takes long, nothing would ever be taken back.
void Dispatcher::note_gap() {
    const auto now = time_since_boot();
    const auto last_turn = std::exchange(last_turn_, now);
    const bool is_gap = now - last_turn > 2 * options_.look_interval;
    if (is_gap && last_turn >= take_back_from_) let_others_renew();
}

void Dispatcher::let_others_renew() {
    take_back_from_ = time_since_boot() + options_.renewal_grace;
}

void Dispatcher::note_failure(const StoreError& error) {
    let_others_renew();
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

std::optional<WorkerTurn> Dispatcher::plan_turn(SteadyTime now) {
    bool has_pending = false;
    bool has_expired = false;
    const bool is_time_to_look = now >= next_look_;
    if (is_look_due_ || is_time_to_look) has_pending = store_.has_pending();
    // Nothing announces a death, and a look at every turn would find none either.
    if (is_time_to_look) {
        has_expired = store_.has_expired();
        next_look_ = now + options_.look_interval;
    }
    note_gap();
    const std::size_t free_threads = phase_ == Phase::working ? pool_.free_threads() : 0;
    // Leases that ran out may be this worker's own, after a suspend, through which only the leases'
    // clock runs. Renewed first, in the same transaction, they are not taken back.
    const bool is_heartbeat_due = now >= next_heartbeat_ || has_expired;
    const bool is_taking_back = has_expired && last_turn_ >= take_back_from_;
    const bool is_claim_due = has_pending && free_threads > 0;
    if (finished_.empty() && !is_heartbeat_due && !is_claim_due) return std::nullopt;

    WorkerTurn turn{.worker = *worker_,
                    .lease_time = options_.lease_time,
                    .is_heartbeat = is_heartbeat_due,
                    .take_back_limit = is_taking_back ? taken_back_per_turn : 0,
                    .max_attempts = options_.max_attempts,
                    .claim_limit = free_threads};
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
    pool_.start(std::move(outcomes.claimed));
    if (!turn.settlements.empty()) {
        settled_since_sweep_ += turn.settlements.size();
        quiet_from_ = std::chrono::steady_clock::now() + quiet_before_sweep;
    }
    note_settled(outcomes.settled);
    drop_lost(outcomes.lost);
    for (const ExpiredOrder& order : outcomes.expired) {
        log::warn("lease expired", {{"order_id", order.order_id.text()},
                                    {"worker", order.worker},
                                    {"attempts", order.attempts},
                                    {"outcome", order.has_failed ? "failed" : "requeued"}});
    }
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
            log::info("order failed", {{"order_id", order.spec.order_id.text()},
                                       {"attempt", order.attempt},
                                       {"reason", failure->reason}});
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
