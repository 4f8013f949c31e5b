#pragma once

// What a test mounts is seen by it and by the programs it starts, and by nobody else, and is gone
// when it ends, however it ends.

#include <sched.h>
#include <sys/mount.h>

namespace orders::test {

// Call it before the first mount, from the thread that mounts, opens files and starts programs: a
// test's main thread. False if this is not allowed.
inline bool make_mounts_private() {
    static const bool is_done = ::unshare(CLONE_NEWNS) == 0 &&
                                ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    return is_done;
}

}  // namespace orders::test
