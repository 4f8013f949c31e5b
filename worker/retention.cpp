#include "worker/retention.h"

#include <algorithm>

#include "shared/log/log.h"

namespace orders {
namespace {

// Between two walks; an order may be kept longer by this much. A walk is short where the oldest
// orders are too young. It is not where many old ones wait to be processed: all of them are passed
// each time. So a walk that finds nothing takes but a small part of the time, whatever it costs.
constexpr std::chrono::milliseconds shortest_pause{1'000};
constexpr std::chrono::milliseconds longest_pause{60'000};
constexpr int pauses_per_look_in_vain = 20;

constexpr std::chrono::milliseconds worth_a_warning{60'000};

std::chrono::milliseconds pause_between_walks(std::chrono::milliseconds keep) {
    return std::clamp(keep / 10, shortest_pause, longest_pause);
}

}  // namespace

Retention::Retention(OrderStore& store, const Clock& clock, const RetentionOptions& options)
    : store_(store), clock_(clock) {
    const Moment now = clock.now();
    for (const auto& [status, keep] : {std::pair{OrderStatus::processed, options.keep_processed},
                                       std::pair{OrderStatus::failed, options.keep_failed}}) {
        if (keep.count() > 0)
            walks_.push_back({.status = status, .keep = keep, .clock = {now, keep}});
    }
}

Retention::SteadyTime Retention::next_step() const noexcept {
    SteadyTime next = SteadyTime::max();
    for (const Walk& walk : walks_) next = std::min(next, walk.next_step);
    return next;
}

void Retention::step(SteadyTime now) {
    const auto due = std::ranges::min_element(walks_, {}, &Walk::next_step);
    if (due == walks_.end() || due->next_step > now) return;
    due->next_step = now + shortest_pause;  // in case it fails
    continue_walk(*due, now);
}

UtcTime Retention::believed_time(Walk& walk, const Moment& now) {
    const UtcTime time = walk.clock.read(now);
    const bool is_far_behind = walk.clock.behind() > worth_a_warning;
    if (is_far_behind && !walk.has_warned) {
        log::warn("wall clock was set ahead: old orders are kept for longer",
                  {{"status", to_string(walk.status)},
                   {"ahead_seconds", walk.clock.behind() / std::chrono::seconds(1)},
                   {"believed_after_seconds", walk.keep / std::chrono::seconds(1)}});
    }
    walk.has_warned = is_far_behind;
    return time;
}

// By the wall clock, not the believed one: orders from after that would end no walk, and until it
// has caught up that may be all of them.
FinishedOrders Retention::look(Walk& walk, UtcTime now) {
    const SteadyTime begin = std::chrono::steady_clock::now();
    FinishedOrders found = store_.find_finished({.status = walk.status,
                                                 .finished_before = *walk.finished_before,
                                                 .now = now,
                                                 .after = walk.after,
                                                 .limit = batch_size});
    if (found.orders.empty()) walk.looked_in_vain += std::chrono::steady_clock::now() - begin;
    return found;
}

void Retention::continue_walk(Walk& walk, SteadyTime now) {
    const Moment moment = clock_.now();
    const UtcTime believed = believed_time(walk, moment);
    if (!walk.finished_before) {
        walk.finished_before = believed - walk.keep;
        walk.after = walk.begin;
    }
    const FinishedOrders found = look(walk, moment.utc);
    if (!found.orders.empty()) {
        const auto work = store_.begin();
        const std::size_t deleted = work->erase(found.orders, walk.status, *walk.finished_before);
        work->commit();
        walk.deleted += deleted;
    }
    if (!walk.first_other) walk.first_other = found.first_other;
    if (found.next_after) {
        walk.after = *found.next_after;
        walk.next_step = now;
    } else {
        end_walk(walk, now);
    }
    if (!found.orders.empty()) store_.tidy();
}

void Retention::end_walk(Walk& walk, SteadyTime now) {
    if (walk.deleted > 0) {
        log::info("old orders deleted",
                  {{"status", to_string(walk.status)}, {"orders", walk.deleted}});
    }
    // Where nothing that was passed can match later, the next walk need not pass it again. The part
    // after walk.after is short, and what comes later comes behind it.
    walk.begin = walk.first_other ? OrderSequence{walk.first_other->value - 1} : walk.after;
    walk.next_step =
        now + std::max<SteadyTime::duration>(pause_between_walks(walk.keep),
                                             walk.looked_in_vain * pauses_per_look_in_vain);
    walk.finished_before.reset();
    walk.first_other.reset();
    walk.deleted = 0;
    walk.looked_in_vain = {};
}

}  // namespace orders
