#include "worker/retention.h"

#include <algorithm>
#include <utility>

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

Retention::Retention(WorkerStore& store, const RetentionOptions& options) : store_(store) {
    for (const auto& [status, keep] : {std::pair{OrderStatus::processed, options.keep_processed},
                                       std::pair{OrderStatus::failed, options.keep_failed}}) {
        if (keep.count() > 0) rounds_.push_back({.status = status, .keep = keep});
    }
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
    const Swept swept = store_.sweep(round.status, round.keep);
    if (swept.deleted == 0) round.looked_in_vain += std::chrono::steady_clock::now() - begin;
    round.deleted += swept.deleted;
    if (swept.has_more) {
        round.next_step = now;
    } else {
        end(round, now);
    }
    if (swept.deleted > 0) store_.tidy();
}

void Retention::end(Round& round, SteadyTime now) {
    if (round.deleted > 0) {
        log::info("old orders deleted",
                  {{"status", to_string(round.status)}, {"orders", round.deleted}});
    }
    round.next_step =
        now + std::max<SteadyTime::duration>(pause_between_rounds(round.keep),
                                             round.looked_in_vain * pauses_per_look_in_vain);
    round.deleted = 0;
    round.looked_in_vain = {};
}

}  // namespace orders
