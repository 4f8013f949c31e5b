#pragma once

// One run of a command: the process, what it reads and what it writes. Its input is a file in
// memory, not a pipe: it takes all of a payload at once, so a command that never reads it holds up
// nobody.
//
// Belongs to one thread, the one that spawn() may be called from.

#include <sys/types.h>

#include <string>
#include <vector>

#include "shared/os/file_descriptor.h"
#include "worker/processors/command/group_watcher.h"
#include "worker/processors/command/program.h"

namespace orders {

// How a process ended: by itself with a status, or by a signal.
struct ProcessEnd {
    bool is_by_signal = false;
    int number = 0;
    friend bool operator==(const ProcessEnd&, const ProcessEnd&) = default;
};

class CommandProcess {
   public:
    // Starts it. The watcher must outlive it. `input` is what it may read; null for nothing.
    // Throws std::system_error, which names what failed.
    CommandProcess(const Program& program, const std::vector<std::string>& environment,
                   const std::string* input, const GroupWatcher& watcher);
    // Kills and reaps what has not been reaped, and waits for that.
    ~CommandProcess();
    CommandProcess(const CommandProcess&) = delete;
    CommandProcess& operator=(const CommandProcess&) = delete;

    // Readable once the process has ended. That is the end of the run: its output may stay open for
    // longer, because what it has started may hold it.
    [[nodiscard]] int exit_fd() const noexcept { return exit_.get(); }
    // Its standard output and error. Reading from them does not block.
    [[nodiscard]] int output_fd() const noexcept { return output_.get(); }
    [[nodiscard]] int error_fd() const noexcept { return error_.get(); }

    // Sends a signal to the whole group.
    void signal(int number) const noexcept;

    // Ends what is left of the group and says how the process has ended; waits for that if it has
    // not. Call it once.
    ProcessEnd reap() noexcept;

   private:
    const GroupWatcher& watcher_;
    FileDescriptor output_;
    FileDescriptor error_;
    FileDescriptor exit_;
    pid_t pid_ = -1;  // until it is reaped
};

}  // namespace orders
