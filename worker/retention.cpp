#include "worker/retention.h"

#include <algorithm>

#include "shared/log/log.h"

namespace orders {
namespace {

// A walk costs next to nothing where it finds nothing; an order may be kept longer by this much.
constexpr std::chrono::milliseconds shortest_pause{1'000};
constexpr std::chrono::milliseconds longest_pause{60'000};

std::chrono::milliseconds pause_between_walks(std::chrono::milliseconds keep) {
    return std::clamp(keep / 10, shortest_pause, longest_pause);
}

}  // namespace

Retention::Retention(OrderStore& store, const Clock& clock, const RetentionOptions& options)
    : store_(store), clock_(clock), start_(clock.now()) {
    for (const auto& [status, keep] : {std::pair{OrderStatus::processed, options.keep_processed},
                                       std::pair{OrderStatus::failed, options.keep_failed}}) {
        if (keep.count() > 0) walks_.push_back({.status = status, .keep = keep});
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

UtcTime Retention::utc_now() const {
    const Moment now = clock_.now();
    return std::min(now.utc, start_.utc + (now.since_boot - start_.since_boot));
}

void Retention::continue_walk(Walk& walk, SteadyTime now) {
    const UtcTime utc = utc_now();
    if (!walk.finished_before) {
        walk.finished_before = utc - walk.keep;
        walk.after = walk.begin;
    }
    const FinishedOrders found = store_.find_finished({.status = walk.status,
                                                       .finished_before = *walk.finished_before,
                                                       .now = utc,
                                                       .after = walk.after,
                                                       .limit = batch_size});
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
    if (walk.first_other) walk.begin = {walk.first_other->value - 1};
    walk.finished_before.reset();
    walk.first_other.reset();
    walk.deleted = 0;
    walk.next_step = now + pause_between_walks(walk.keep);
}

}  // namespace orders
