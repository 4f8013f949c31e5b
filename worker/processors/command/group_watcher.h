#pragma once

// A small process beside the worker that outlives it for a moment: when the worker ends, however it
// is killed, the watcher ends what is left of the process groups of its commands. The death signal
// (spawn.h) reaches only the command itself, not what that has started; without the watcher, two
// attempts at one order could be at work at once.
//
// It is told of each group's begin and end over a pipe: a positive number is a group that begins, a
// negative one a group that has ended. When the last writer is gone, and the pipe comes to its end,
// it sends SIGKILL to all groups that have not ended, and ends itself. It takes no signal, is in a
// session of its own, so that what ends the worker's group does not reach it, and has no descriptor
// but the pipe.
//
// What it cannot end: a process that has made a group or a session of its own, and a setuid program
// that runs as another user. If the watcher is killed, no command is started any more.
//
// Any thread may call the functions. SIGPIPE must be ignored (block_stop_signals() sees to it).

#include <sys/types.h>

#include "shared/os/file_descriptor.h"

namespace orders {

class GroupWatcher {
   public:
    // Starts it, as a copy of this process: call it before there are threads, and before the store
    // is open. From here on SIGCHLD has its default, so that children wait to be reaped. Throws
    // std::system_error.
    GroupWatcher();
    // Ends it, and all groups with it that have not ended.
    ~GroupWatcher();
    GroupWatcher(const GroupWatcher&) = delete;
    GroupWatcher& operator=(const GroupWatcher&) = delete;

    // Where a new process, which leads a group, tells its own id. Writing never blocks.
    [[nodiscard]] int fd() const noexcept { return pipe_.get(); }
    // Call it while the leader is not reaped yet: until then nobody else can get its id.
    void forget(pid_t group) const noexcept;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

   private:
    FileDescriptor pipe_;
    pid_t pid_ = -1;
};

}  // namespace orders
