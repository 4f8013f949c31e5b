#include "shared/housekeeping/retention.h"

#include <algorithm>

#include "shared/log/log.h"

namespace orders {
namespace {

// Between two rounds; an order may be kept this much longer. A round is short if the oldest orders
// are too young, but long if many old ones wait to be processed, because it passes all of them each
// time. The pause after a round is therefore at least a multiple of the time that it looked in
// vain.
constexpr std::chrono::milliseconds shortest_pause{1'000};
constexpr std::chrono::milliseconds longest_pause{60'000};
constexpr int pauses_per_look_in_vain = 20;

std::chrono::milliseconds pause_between_rounds(std::chrono::milliseconds keep) {
    return std::clamp(keep / 10, shortest_pause, longest_pause);
}

}  // namespace

Retention::Retention(HousekeepingStore& store, const RetentionOptions& options) : store_(store) {
    keep(OrderStatus::processed, options.keep_processed);
    keep(OrderStatus::failed, options.keep_failed);
    keep(OrderStatus::cancelled, options.keep_failed);
    if (options.max_bytes > 0) {
        rounds_.push_back(
            {.status = "any end",
             .sweep = [this, bytes = options.max_bytes] { return store_.sweep_beyond(bytes); },
             .pause = shortest_pause});
    }
}

void Retention::keep(OrderStatus status, std::chrono::milliseconds time) {
    if (time.count() == 0) return;
    rounds_.push_back({.status = to_string(status),
                       .sweep = [this, status, time] { return store_.sweep(status, time); },
                       .pause = pause_between_rounds(time)});
}

SteadyTime Retention::next_step() const noexcept {
    SteadyTime next = SteadyTime::max();
    for (const Round& round : rounds_) next = std::min(next, round.next_step);
    return next;
}

void Retention::step(SteadyTime now) {
    const auto due = std::ranges::min_element(rounds_, {}, &Round::next_step);
    if (due == rounds_.end() || due->next_step > now) return;
    due->next_step = now + shortest_pause;  // in case it fails
    sweep(*due, now);
}

void Retention::sweep(Round& round, SteadyTime now) {
    const SteadyTime begin = std::chrono::steady_clock::now();
    const Swept swept = round.sweep();
    if (swept.deleted == 0) round.looked_in_vain += std::chrono::steady_clock::now() - begin;
    round.deleted += swept.deleted;
    if (swept.has_more) {
        round.next_step = now;
    } else {
        end(round, now);
    }
}

void Retention::end(Round& round, SteadyTime now) {
    if (round.deleted > 0) {
        log::info("old orders deleted", {{"status", round.status}, {"orders", round.deleted}});
    }
    round.next_step = now + std::max<SteadyTime::duration>(
                                round.pause, round.looked_in_vain * pauses_per_look_in_vain);
    round.deleted = 0;
    round.looked_in_vain = {};
}

}  // namespace orders
