#pragma once

// Starts a program as a process of its own. This is the only function that does, because what has
// to hold between the birth of a process and its first instruction is easy to get wrong:
//
//   - It leads a process group, so that it and all that it starts can be ended together.
//   - It is killed when the thread that called spawn() ends, however that happens: call it from a
//     thread that lives for as long as the program may run. (The kernel forgets this for a program
//     that is setuid or has file capabilities.)
//   - The watcher (group_watcher.h) knows of the group before the program runs.
//   - It has three descriptors and no other, the default action for every signal, none of them
//     blocked, no core dumps, and the usual limit of open files.
//
// The new process begins on this one's memory (vfork), so that starting it takes as long in a large
// process as in a small one. Until it has become the program, nothing is called in it that
// allocates or locks.

#include <sys/types.h>

#include <string>
#include <vector>

#include "worker/processors/command/group_watcher.h"

namespace orders {

struct SpawnPlan {
    const std::string& program;                   // a path
    const std::vector<std::string>& arguments;    // the first is the program's own name
    const std::vector<std::string>& environment;  // NAME=value
    // What becomes standard input, output and error; none of them is one of these already.
    int input;
    int output;
    int error;
    const GroupWatcher& watcher;
};

// Returns the id of the process, which is also that of its group, once it has become the program.
// The caller must reap it, and have the watcher forget it before. Throws std::system_error, which
// names what failed, if the process could not become the program.
[[nodiscard]] pid_t spawn(const SpawnPlan& plan);

}  // namespace orders
