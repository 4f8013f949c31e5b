#pragma once

// SIGTERM, SIGINT and SIGHUP, as calls; SIGHUP only if it was not ignored when the process was
// started (nohup). All mean the same:
//
// - The first asks the process to stop. One that has nothing to bring to an end yet, because it is
//   still opening its store, ends at once with status 0.
// - Whatever comes within a second of the first is the same request: `timeout`, `tini -g`,
//   supervisors and process managers deliver one twice, to a process and to its group.
// - A later one means "now": a program that can hurry has `hurry_limit` to put down what it holds;
//   any other ends at once. Either way the status is 128 + the signal's number if the process did
//   not end by itself.
// - A process that has been asked to stop but still runs `margin` after its delay and drain time
//   is ended with status 1, so that no stuck disk or processor can keep it for ever.
//
// Ending at once is safe: everything that matters is in the store. All of it is done first and
// logged afterwards.
//
// Call block_stop_signals() in main before any thread starts, so that all threads inherit the mask
// and no signal is lost during start-up. It also makes writing to a closed socket an error (EPIPE)
// instead of the process's death.

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <thread>

#include "shared/os/file_descriptor.h"
#include "shared/os/steady_time.h"
#include "shared/os/wake_signal.h"

namespace orders {

// Throws std::system_error.
void block_stop_signals();

// What happens on a signal, and what time there is. Both functions are called at most once, on a
// thread of StopSignals' own; they must not block.
struct StopOptions {
    std::function<void()> on_stop;
    // Empty if the process cannot stop any faster than it does.
    std::function<void()> on_hurry = {};
    // For how long it goes on as before when a signal has asked it to stop.
    std::chrono::milliseconds delay = std::chrono::milliseconds(0);
    // What it gives its work to end, after that.
    std::chrono::milliseconds drain_limit;
    // For closing the store after that.
    std::chrono::milliseconds margin = std::chrono::seconds(5);
    std::chrono::milliseconds same_request_within = std::chrono::seconds(1);
    std::chrono::milliseconds hurry_limit = std::chrono::seconds(2);
};

class StopSignals {
   public:
    explicit StopSignals(StopOptions options);
    // Ends the watch, and the limits with it.
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    // From here on there is something to bring to an end. Any thread.
    void work_has_begun() noexcept { has_work_begun_ = true; }
    // The process ends for a reason of its own: from now on it has the time that a signal would
    // give it, without the delay. Any thread.
    void limit_what_is_left() noexcept { limit_begins_.notify(); }

   private:
    void watch();
    void take(int signal);
    void begin_limit(std::chrono::milliseconds limit);
    [[noreturn]] void end_by_force() const;

    // Constant after construction.
    const StopOptions options_;
    FileDescriptor signals_;

    // Synchronise themselves.
    std::atomic<bool> has_work_begun_ = false;
    WakeSignal limit_begins_;
    WakeSignal ended_;

    // Only the watch's thread.
    std::optional<SteadyTime> asked_at_;  // to stop
    int hurried_by_ = 0;                  // the signal's number
    SteadyTime deadline_ = SteadyTime::max();
    std::chrono::milliseconds limit_{0};  // which the deadline comes from

    std::jthread thread_;  // last: it uses all of the above
};

}  // namespace orders
