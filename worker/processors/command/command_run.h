#pragma once

// One attempt at an order by a command: runs the process under its deadline and tells what it has
// come to. Both outputs are read all the time, so that none ever fills its pipe. The run ends with
// the process, whoever still holds its output open then.
//
// When its time is up, or when it is told to end, the whole process group gets SIGTERM, and
// SIGKILL two seconds later.
//
// Belongs to the event loop's thread.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shared/os/steady_time.h"
#include "worker/processors/command/captured_output.h"
#include "worker/processors/command/command_outcome.h"
#include "worker/processors/command/command_process.h"
#include "worker/processors/event_loop.h"

namespace orders {

// A descriptor that the loop watches for as long as this lives.
class WatchedDescriptor {
   public:
    WatchedDescriptor(EventLoop& loop, int fd, const std::function<void()>& on_readable);
    ~WatchedDescriptor() { loop_.unwatch(fd_); }
    WatchedDescriptor(const WatchedDescriptor&) = delete;
    WatchedDescriptor& operator=(const WatchedDescriptor&) = delete;

   private:
    EventLoop& loop_;
    int fd_;
};

class CommandRun {
   public:
    static constexpr std::chrono::seconds grace{2};

    struct Plan {
        const Program& program;
        const std::vector<std::string>& environment;
        const std::string* input;  // null: none
        SteadyTime deadline;
        const RetryExits& retry_exits;  // must outlive the run
    };
    // Called once, when the process has ended: without an outcome if it was told to end and has not
    // done its work nevertheless. It may destroy the run.
    using OnEnd = std::function<void(std::optional<CommandOutcome>)>;

    // Starts the process. Loop and watcher must outlive the run. Throws std::system_error.
    CommandRun(EventLoop& loop, const GroupWatcher& watcher, const Plan& plan, OnEnd on_end);
    // Kills the process if it has not ended.
    ~CommandRun();
    CommandRun(const CommandRun&) = delete;
    CommandRun& operator=(const CommandRun&) = delete;

    // Tells it to end, because nobody waits for its work any more.
    void give_up();
    // The same, without grace.
    void kill();

   private:
    enum class Ending { by_itself, given_up, timed_out };

    void begin_to_end(Ending why);
    void on_exit();
    [[nodiscard]] std::optional<CommandOutcome> outcome_by(const ProcessEnd& end) const;

    EventLoop& loop_;
    const RetryExits& retry_exits_;
    OnEnd on_end_;
    CommandProcess process_;
    OutputBeginning output_;
    OutputEnd error_;
    Ending ending_ = Ending::by_itself;
    EventLoop::TimerId timer_;  // the deadline, then the end of the grace
    // Empty after the end of the file. Last: they use the above, and end before its descriptors.
    std::optional<WatchedDescriptor> watched_output_;
    std::optional<WatchedDescriptor> watched_error_;
    std::optional<WatchedDescriptor> watched_exit_;
};

}  // namespace orders
