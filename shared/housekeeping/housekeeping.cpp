#include "shared/housekeeping/housekeeping.h"

#include <algorithm>
#include <string>
#include <utility>

#include "shared/log/log.h"
#include "shared/os/boot_time.h"
#include "shared/storage/samples.h"

namespace orders {
namespace {

// Of each kind of chore. A commit of so many takes some ten milliseconds, for which others wait.
constexpr std::size_t orders_per_turn = 1'000;
// Two thirds of what a sweep can delete (300, with SQLite).
constexpr std::size_t settled_per_sweep = 200;
constexpr std::chrono::milliseconds quiet_before_sweep{5};

void log_taken_back(const ExpiredOrder& order) {
    log::warn("lease expired", {{"order_id", order.order_id.text()},
                                {"worker", order.worker},
                                {"attempts", order.attempts},
                                {"outcome", order.failure.value_or("requeued")}});
}

}  // namespace

void log_expired(std::size_t orders) {
    log::warn("orders expired: not begun by their start_before", {{"orders", orders}});
}

Housekeeping::Housekeeping(HousekeepingStore& store, HousekeepingOptions options)
    : store_(store),
      options_(std::move(options)),
      retention_(store, options_.retention),
      last_look_(time_since_boot()) {}

SteadyTime Housekeeping::next_step() const noexcept {
    return std::min(next_look_, next_sweep());
}

void Housekeeping::step(SteadyTime now) {
    if (now >= next_look_) {
        next_look_ = now + options_.look_interval;
        try {
            look(now);
        } catch (const StoreError& error) {
            if (error.is_fatal()) throw;
            next_look_ = now + options_.look_interval;
            note_failure();
            if (!error.is_logged()) failures_.count();
            if (const auto times = failures_.take_due()) {
                log::error("housekeeping failed",
                           {{"detail", error.what()},
                            {"times", *times},
                            {"consequence",
                             "orders that are due, or that a dead worker held, "
                             "wait; it is tried again"}});
            }
        }
    }
    sweep(now);
}

void Housekeeping::end() {
    try {
        tell_figures(true);
    } catch (const StoreError& error) {
        if (error.is_fatal()) throw;
    }
}

void Housekeeping::tell_figures(bool is_last) {
    options_.tell_figures(is_last,
                          [this](const std::string& figures) { store_.add_figures(figures); });
}

void Housekeeping::look(SteadyTime now) {
    const Chores chores = store_.look();
    note_gap();
    if (has_failed_) prove_writable();
    HousekeepingTurn turn;
    if (chores.has_expired_leases && last_look_ >= take_back_from_) {
        turn.take_back_limit = orders_per_turn;
        options_.renew_own();
    }
    if (chores.has_due_orders) turn.promote_limit = orders_per_turn;
    if (chores.has_overdue_orders) turn.expire_limit = orders_per_turn;
    // (A time in thousands of years would be too much for the sum.)
    const auto next_due_in = chores.next_due_in.value_or(options_.look_interval);
    if (next_due_in > next_due_in.zero()) {
        next_look_ = now + std::min(next_due_in, options_.look_interval);
    }
    if (!turn.is_proof()) carry_out(turn, now);
    if (chores.has_sample_due) take_sample(now);
    tell_figures(false);
    store_.tidy();
}

void Housekeeping::carry_out(const HousekeepingTurn& turn, SteadyTime now) {
    const HousekeepingOutcomes outcomes = store_.take_turn(turn);
    for (const ExpiredOrder& order : outcomes.taken_back) log_taken_back(order);
    if (outcomes.expired > 0) log_expired(outcomes.expired);
    // There may be more to take back, and the next order may be due soon.
    const bool was_cut_short =
        turn.take_back_limit > 0 && outcomes.taken_back.size() == turn.take_back_limit;
    if (was_cut_short || outcomes.promoted + outcomes.expired > 0) next_look_ = now;
}

// The orders do not wait for what only plots are made of, whatever is wrong with it; nor does a
// total that is damaged end a process. If the orders are damaged, others find out.
void Housekeeping::take_sample(SteadyTime now) {
    if (now < next_sample_) return;
    try {
        store_.take_sample();
    } catch (const StoreError& error) {
        if (error.is_fatal() && error.kind() != StoreError::Kind::damaged) throw;
        next_sample_ = now + sample_interval;
        if (!error.is_logged()) sample_failures_.count();
        if (const auto times = sample_failures_.take_due()) {
            log::warn("taking a sample failed", {{"detail", error.what()}, {"times", *times}});
        }
    }
}

// If looks are further apart than they should be, this process stood still, or waited for the
// store, and the workers perhaps did, too. A gap that begins while they have time to renew gives
// them no more: on a machine on which everything takes long, nothing would ever be taken back.
void Housekeeping::note_gap() {
    const auto now = time_since_boot();
    const auto last_look = std::exchange(last_look_, now);
    if (now - last_look > 2 * options_.look_interval && last_look >= take_back_from_) {
        give_time_to_renew();
    }
}

// Workers can renew their leases from the first write on that the store takes again.
void Housekeeping::prove_writable() {
    (void)store_.take_turn({});
    has_failed_ = false;
    give_time_to_renew();
}

void Housekeeping::give_time_to_renew() {
    take_back_from_ = time_since_boot() + options_.renewal_grace;
}

void Housekeeping::note_failure() {
    has_failed_ = true;
    give_time_to_renew();
}

void Housekeeping::note_settled(std::size_t orders) {
    if (orders == 0) return;
    settled_since_sweep_ += orders;
    quiet_from_ = std::chrono::steady_clock::now() + quiet_before_sweep;
}

SteadyTime Housekeeping::next_sweep() const noexcept {
    const SteadyTime next = retention_.next_step();
    return settled_since_sweep_ >= settled_per_sweep ? next : std::max(next, quiet_from_);
}

void Housekeeping::sweep(SteadyTime now) {
    // What is settled between two rounds does not have to be made up for at once.
    if (retention_.next_step() > now) settled_since_sweep_ = 0;
    if (next_sweep() > now) return;
    do {
        settled_since_sweep_ -= std::min(settled_since_sweep_, settled_per_sweep);
        try {
            retention_.step(now);
            store_.tidy();
        } catch (const StoreError& error) {
            // It tries again by itself, after a pause. Results that come in do not wait for that.
            if (error.is_fatal()) throw;
            if (!error.is_logged()) sweep_failures_.count();
            if (const auto times = sweep_failures_.take_due()) {
                log::warn("deleting old orders failed",
                          {{"detail", error.what()}, {"times", *times}});
            }
        }
    } while (settled_since_sweep_ >= settled_per_sweep && retention_.next_step() <= now);
}

}  // namespace orders
