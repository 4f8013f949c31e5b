#pragma once

// Group commit: many requests, one fsync. Work is handed over and its owner goes on; the one writer
// thread takes all the work that waits, has the store commit it as one group, and tells each piece
// of work what became of it. While one group is committed, the next one gathers.
//
// Waiting is bounded. The writer takes a group only once it has its turn to write, so work whose
// time is up before that is withdrawn, and it is certain that nothing of it is stored; work that
// was taken waits for the commit. While the turn has been out of reach for longer than that, new
// work is refused at once, so that a frozen writer elsewhere does not fill the memory here.
//
// What the work is about is not known here: see group_work.h. submit() and is_known_writable() may
// be called from any thread, also by work that is being told. The store belongs to the writer
// thread from construction on.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "api/intake/group_work.h"
#include "api/intake/refusal.h"
#include "shared/log/log_pace.h"
#include "shared/os/mutex.h"
#include "shared/os/steady_time.h"
#include "shared/storage/intake_store.h"
#include "shared/storage/store_error.h"

namespace orders {

// Work that would exceed a bound is refused as overloaded, at once. A piece of work that by itself
// is larger than all that may wait, or may be unanswered, is therefore always refused.
struct GroupLimits {
    // How long work may wait to be taken into a group.
    std::chrono::milliseconds max_wait{2'000};
    // What may wait to be taken: about as much as can be stored while it may wait.
    WorkLoad max_waiting{.units = 20'000, .bytes = 32 * 1024 * 1024};
    // What one group may hold: it must stay a matter of milliseconds, because other writers wait
    // for their turn meanwhile. A piece of work is never split: one that is larger makes a group by
    // itself.
    WorkLoad max_group{.units = 1'000, .bytes = 2 * 1024 * 1024};
    // What all work may keep in memory, from submit() until it has been told.
    std::size_t max_unanswered_bytes = 64 * 1024 * 1024;
};

class GroupCommit {
   public:
    // `on_fatal` is called at most once, on the writer thread, when the store has failed (or turned
    // out to be replaced, which is looked for once a second if there is no work) in a way
    // that only a new process can mend; everything is refused from then on. It is not logged here.
    // `on_turn` is called on the writer thread, at least once a second unless that is stuck.
    GroupCommit(
        std::unique_ptr<IntakeStore> store, const GroupLimits& limits,
        std::function<void(const StoreError&)> on_fatal, std::function<void()> on_turn = [] {});
    // Ends the writer thread after its current group and refuses what still waits. No other thread
    // may be in submit() or is_known_writable() any more.
    ~GroupCommit();
    GroupCommit(const GroupCommit&) = delete;
    GroupCommit& operator=(const GroupCommit&) = delete;

    void submit(std::unique_ptr<GroupWork> work);

    // From now on it is asked what to add to each group. Any thread may call it, once.
    void set_companion(std::shared_ptr<GroupCompanion> companion);

    // Whether the store takes writes: true if a commit within the last second has proved it, false
    // if everything is refused from now on, empty if only another commit can tell.
    [[nodiscard]] std::optional<bool> is_known_writable() const;
    // Whether the last attempt to write succeeded, whenever that was.
    [[nodiscard]] bool was_last_write_good() const noexcept {
        return was_last_write_good_.load(std::memory_order_relaxed);
    }

   private:
    struct Submission {
        std::unique_ptr<GroupWork> work;
        WorkLoad load;
        SteadyTime deadline = {};             // for being taken into a group
        std::optional<Refusal> refusal = {};  // decided, and not told yet
    };

    [[nodiscard]] std::optional<Refusal> enqueue(std::unique_ptr<GroupWork>& work);
    [[nodiscard]] bool has_room_for(const WorkLoad& load) const REQUIRES(mutex_);
    [[nodiscard]] bool is_stuck(SteadyTime now) const REQUIRES(mutex_);

    // The writer thread's.
    void write_groups(const std::stop_token& stop);
    void note_failure(const StoreError& error);
    [[nodiscard]] bool has_waiting() const;
    [[nodiscard]] bool wait_for_work(const std::stop_token& stop, std::chrono::milliseconds pause);
    void write_one_group();
    [[nodiscard]] std::vector<Submission> take_group();
    void store_group(std::unique_ptr<IntakeTurn> turn, const StoreLevel& level,
                     std::vector<Submission> group);
    void add_companion(std::vector<Submission>& group);
    void close();

    // The watch thread's.
    void watch_waiting(const std::stop_token& stop);
    [[nodiscard]] std::vector<Submission> take_overdue() REQUIRES(mutex_);

    // Takes the first that waits.
    [[nodiscard]] Submission take_first() REQUIRES(mutex_);
    // Those that have a refusal are told that, the others what became of the group.
    void tell(std::vector<Submission> submissions, const IntakeOutcomes& outcomes);
    // Those that have a refusal of their own are told that.
    void refuse(std::vector<Submission> submissions, Refusal refusal);
    // Wakes the thread that waits for `condition`, so that it sees that it is to stop.
    void wake(std::condition_variable_any& condition);

    // Constant after construction.
    const GroupLimits limits_;
    const std::function<void(const StoreError&)> on_fatal_;
    const std::function<void()> on_turn_;

    // Only the writer thread.
    const std::unique_ptr<IntakeStore> store_;
    log::LogPace failures_;

    std::atomic<bool> was_last_write_good_ = true;  // of the writer thread's; any may ask

    mutable Mutex mutex_;
    std::condition_variable_any work_;
    std::condition_variable_any first_waits_;
    std::deque<Submission> waiting_ GUARDED_BY(mutex_);  // the first to come is due first
    WorkLoad waiting_load_ GUARDED_BY(mutex_);
    std::size_t unanswered_bytes_ GUARDED_BY(mutex_) = 0;
    bool is_writer_idle_ GUARDED_BY(mutex_) = false;  // it waits for work, and nobody has woken it
    // The watch thread will look at what waits without being told again.
    bool is_watched_ GUARDED_BY(mutex_) = false;
    // Stopping, or the store has failed: nothing is taken any more.
    bool is_closed_ GUARDED_BY(mutex_) = false;
    std::shared_ptr<GroupCompanion> companion_ GUARDED_BY(mutex_);
    // While the writer has a turn, or wants one.
    std::optional<SteadyTime> turn_began_ GUARDED_BY(mutex_);
    std::optional<SteadyTime> last_proof_ GUARDED_BY(mutex_);  // that the store takes writes

    // Last: they use all of the above.
    std::jthread writer_;
    std::jthread watch_;  // withdraws what has waited for too long
};

}  // namespace orders
