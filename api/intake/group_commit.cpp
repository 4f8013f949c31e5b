#include "api/intake/group_commit.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "shared/log/log.h"
#include "shared/storage/store_error.h"

namespace orders {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::seconds proven_writable_for{1};
constexpr std::chrono::milliseconds pause_after_error{100};
constexpr std::chrono::seconds idle_look_interval{1};

Refusal refusal_after(const StoreError& error) {
    switch (error.kind()) {
        case StoreError::Kind::full:
            return Refusal::disk_full;
        case StoreError::Kind::outcome_unknown:
        case StoreError::Kind::replaced:
            return Refusal::outcome_unknown;
        case StoreError::Kind::damaged:
            return Refusal::store_damaged;
        case StoreError::Kind::unusable:
            return Refusal::stopping;
        case StoreError::Kind::busy:
        case StoreError::Kind::unreachable:
            break;
    }
    return Refusal::overloaded;
}

}  // namespace

GroupCommit::GroupCommit(std::unique_ptr<IntakeStore> store, const GroupLimits& limits,
                         std::function<void(const StoreError&)> on_fatal,
                         std::function<void()> on_turn)
    : limits_(limits),
      on_fatal_(std::move(on_fatal)),
      on_turn_(std::move(on_turn)),
      store_(std::move(store)),
      writer_([this](const std::stop_token& stop) { write_groups(stop); }),
      watch_([this](const std::stop_token& stop) { watch_waiting(stop); }) {}

GroupCommit::~GroupCommit() {
    // While the last group is committed, what waits is still withdrawn in time.
    writer_.request_stop();
    writer_.join();
}

void GroupCommit::submit(std::unique_ptr<GroupWork> work) {
    if (const auto refusal = enqueue(work)) work->refuse(*refusal);
}

void GroupCommit::set_companion(std::shared_ptr<GroupCompanion> companion) {
    const MutexLock lock(mutex_);
    companion_ = std::move(companion);
}

std::optional<bool> GroupCommit::is_known_writable() const {
    const MutexLock lock(mutex_);
    if (is_closed_) return false;
    if (last_proof_ && SteadyClock::now() - *last_proof_ < proven_writable_for) return true;
    return std::nullopt;
}

// Takes the work, unless it is refused at once.
std::optional<Refusal> GroupCommit::enqueue(std::unique_ptr<GroupWork>& work) {
    const WorkLoad load = work->load();
    bool is_writer_asleep = false;
    bool is_watch_asleep = false;
    {
        const MutexLock lock(mutex_);
        const SteadyTime now = SteadyClock::now();
        if (is_closed_) return Refusal::stopping;
        if (is_stuck(now) || !has_room_for(load)) return Refusal::overloaded;
        waiting_.push_back(
            {.work = std::move(work), .load = load, .deadline = now + limits_.max_wait});
        waiting_load_ += load;
        unanswered_bytes_ += load.bytes;
        is_writer_asleep = std::exchange(is_writer_idle_, false);
        is_watch_asleep = !std::exchange(is_watched_, true);
    }
    if (is_writer_asleep) work_.notify_one();
    if (is_watch_asleep) first_waits_.notify_one();
    return std::nullopt;
}

bool GroupCommit::has_room_for(const WorkLoad& load) const {
    return (waiting_load_ + load).fits_in(limits_.max_waiting) &&
           unanswered_bytes_ + load.bytes <= limits_.max_unanswered_bytes;
}

bool GroupCommit::is_stuck(SteadyTime now) const {
    return turn_began_ && now - *turn_began_ > limits_.max_wait;
}

void GroupCommit::write_groups(const std::stop_token& stop) {
    const std::stop_callback stopping(stop, [this] { wake(work_); });
    std::chrono::milliseconds pause{0};
    while (wait_for_work(stop, std::exchange(pause, std::chrono::milliseconds{0}))) {
        on_turn_();
        try {
            if (has_waiting()) {
                write_one_group();
            } else {
                store_->require_in_place();
                store_->tidy();
            }
        } catch (const StoreError& error) {
            was_last_write_good_ = false;
            if (error.is_fatal()) {
                close();
                on_fatal_(error);
                return;
            }
            note_failure(error);
            pause = pause_after_error;
        }
    }
    close();
}

void GroupCommit::note_failure(const StoreError& error) {
    if (!error.is_logged()) failures_.count();
    if (const auto times = failures_.take_due()) {
        log::error("storing orders failed",
                   {{"detail", error.what()},
                    {"times", *times},
                    {"consequence", "clients are answered with 503; it is tried again"}});
    }
}

bool GroupCommit::has_waiting() const {
    const MutexLock lock(mutex_);
    return !waiting_.empty();
}

// Returns no earlier than the pause is over, and without any work if there was none for a while.
// False if the thread is to stop.
bool GroupCommit::wait_for_work(const std::stop_token& stop, std::chrono::milliseconds pause) {
    MutexLock lock(mutex_);
    turn_began_.reset();
    if (pause > pause.zero()) {
        const SteadyTime end = SteadyClock::now() + pause;
        while (!stop.stop_requested() && SteadyClock::now() < end) work_.wait_until(lock, end);
    }
    const SteadyTime next_look = SteadyClock::now() + idle_look_interval;
    while (!stop.stop_requested() && waiting_.empty() && SteadyClock::now() < next_look) {
        is_writer_idle_ = true;
        work_.wait_until(lock, next_look);
    }
    is_writer_idle_ = false;
    if (stop.stop_requested()) return false;
    if (!waiting_.empty()) turn_began_ = SteadyClock::now();
    return true;
}

void GroupCommit::write_one_group() {
    auto turn = store_->begin();
    const StoreLevel level = turn->level();
    auto group = take_group();
    if (group.empty()) return;  // all was withdrawn meanwhile
    add_companion(group);
    store_group(std::move(turn), level, std::move(group));
    store_->tidy();
}

std::vector<GroupCommit::Submission> GroupCommit::take_group() {
    std::vector<Submission> group;
    WorkLoad group_load;
    const MutexLock lock(mutex_);
    group.reserve(std::min(waiting_.size(), limits_.max_group.units));
    while (!waiting_.empty()) {
        group_load += waiting_.front().load;
        if (!group.empty() && !group_load.fits_in(limits_.max_group)) break;
        group.push_back(take_first());
    }
    return group;
}

void GroupCommit::add_companion(std::vector<Submission>& group) {
    const auto companion = [&] {
        const MutexLock lock(mutex_);
        return companion_;
    }();
    if (!companion) return;
    if (auto work = companion->come_along()) group.push_back({.work = std::move(work), .load = {}});
}

// Others may write before anybody is told: the turn is over by then.
void GroupCommit::store_group(std::unique_ptr<IntakeTurn> turn, const StoreLevel& level,
                              std::vector<Submission> group) {
    GroupDraft draft(level);
    for (Submission& submission : group) submission.refusal = submission.work->join(draft);
    IntakeOutcomes outcomes;
    try {
        if (!draft.is_empty()) outcomes = turn->commit(draft.group());
    } catch (const StoreError& error) {
        turn.reset();
        refuse(std::move(group), refusal_after(error));
        throw;
    }
    turn.reset();
    if (!draft.is_empty()) was_last_write_good_ = true;
    {
        const MutexLock lock(mutex_);
        // Whoever is told now may send more at once, however long this took.
        turn_began_ = SteadyClock::now();
        if (draft.group().is_proof()) last_proof_ = turn_began_;
    }
    tell(std::move(group), outcomes);
}

void GroupCommit::close() {
    std::vector<Submission> refused;
    {
        const MutexLock lock(mutex_);
        is_closed_ = true;
        refused.reserve(waiting_.size());
        while (!waiting_.empty()) refused.push_back(take_first());
    }
    refuse(std::move(refused), Refusal::stopping);
}

// Wakes once for work that comes when nothing has waited for a while, and then whenever the time of
// the first that waits is up.
void GroupCommit::watch_waiting(const std::stop_token& stop) {
    const std::stop_callback stopping(stop, [this] { wake(first_waits_); });
    MutexLock lock(mutex_);
    while (!stop.stop_requested()) {
        if (!is_watched_) {
            first_waits_.wait(lock);
            continue;
        }
        if (!waiting_.empty()) {
            const SteadyTime deadline = waiting_.front().deadline;
            first_waits_.wait_until(lock, deadline);
        }
        auto overdue = take_overdue();
        is_watched_ = !waiting_.empty();
        lock.unlock();
        refuse(std::move(overdue), Refusal::overloaded);
        lock.lock();
    }
}

std::vector<GroupCommit::Submission> GroupCommit::take_overdue() {
    const SteadyTime now = SteadyClock::now();
    std::vector<Submission> overdue;
    while (!waiting_.empty() && waiting_.front().deadline <= now) overdue.push_back(take_first());
    return overdue;
}

GroupCommit::Submission GroupCommit::take_first() {
    Submission first = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_load_ -= first.load;
    return first;
}

void GroupCommit::tell(std::vector<Submission> submissions, const IntakeOutcomes& outcomes) {
    if (submissions.empty()) return;
    std::size_t bytes = 0;
    for (Submission& told : submissions) {
        if (told.refusal) {
            told.work->refuse(*told.refusal);
        } else {
            told.work->finish(outcomes);
        }
        told.work.reset();
        bytes += told.load.bytes;
    }
    const MutexLock lock(mutex_);
    unanswered_bytes_ -= bytes;
}

void GroupCommit::refuse(std::vector<Submission> submissions, Refusal refusal) {
    for (Submission& refused : submissions) {
        if (!refused.refusal) refused.refusal = refusal;
    }
    tell(std::move(submissions), {});
}

void GroupCommit::wake(std::condition_variable_any& condition) {
    // With the lock, because the thread must not begin to wait between looking at its stop token
    // and this.
    { const MutexLock lock(mutex_); }
    condition.notify_one();
}

}  // namespace orders
