#pragma once

// The faults that a test can put into a program while it runs, and what was counted there. The
// struct lies in a file that the test and the program both map: fault_points.cpp, loaded into the
// program, obeys it; tests/faults/fault_control.h writes it. All zero means no faults.

#include <atomic>
#include <cstdint>

namespace orders::test {

// The environment variable that names the file.
inline constexpr const char* fault_points_variable = "ORDERS_FAULT_POINTS";

struct FaultPoints {
    // Where a program can be made to stand still, as SIGSTOP does it.
    enum class Step : std::int32_t {
        none,
        before_turn,  // before it queues for its turn to write
        in_turn,      // it has just got its turn: everybody else waits
        before_sync,  // before it syncs the log, as the last thing in a commit
    };
    enum class File : std::int32_t { any, log, database, directory };

    // A system call that fails: the first `passes` work, the next `failures` do not.
    struct Failing {
        std::atomic<std::int32_t> error;  // an errno
        std::atomic<File> file;           // others work
        std::atomic<std::int32_t> passes;
        std::atomic<std::int32_t> failures;
        std::atomic<std::int32_t> failed;  // counted
    };
    Failing syncs;    // fsync, fdatasync
    Failing writes;   // pwrite
    Failing watches;  // inotify_init1, inotify_add_watch; of any file

    std::atomic<std::int32_t> synced;                // counted: syncs that were tried
    std::atomic<std::int32_t> synced_after_failure;  // counted: of these, after one had failed

    std::atomic<Step> halt_at;         // none again once it has halted there
    std::atomic<std::int32_t> passes;  // how often it still goes past that step
    std::atomic<std::int32_t> halts;   // counted

    std::atomic<std::int64_t> utc_offset_seconds;
    std::atomic<std::int64_t> boot_offset_seconds;  // of the clock that leases live by
    std::atomic<std::int64_t> file_system_type;     // what statfs says; 0: the truth
    std::atomic<std::int64_t> free_megabytes;       // what statvfs says, and 1 more; 0: the truth
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

}  // namespace orders::test
