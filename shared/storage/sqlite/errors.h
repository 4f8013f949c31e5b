#pragma once

// The StoreErrors of this backend. What is unusable, damaged or replaced stays so for as long as
// the process lives, and after a commit with an unknown outcome only a new process, which recovers
// the log, can tell what is stored: all of them call for a restart. What found no room works again
// once there is some.

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include "shared/storage/store_error.h"

namespace orders::sqlite {

[[nodiscard]] inline StoreError unusable(std::string_view operation, std::string_view detail,
                                         std::string_view hint = {}) {
    return {StoreError::Kind::unusable, StoreError::Cure::restart, operation, detail, hint};
}

// What makes room for a write that failed with this errno; empty if it did not fail for want of it.
[[nodiscard]] constexpr std::string_view room_hint(int error) noexcept {
    switch (error) {
        case ENOSPC:
            return "make room on the disk";
        case EDQUOT:
            return "make room within the quota, or raise it";
        case EFBIG:
            return "raise the limit on the size of files: ulimit -f, or the file system's own";
        default:
            return {};
    }
}

// A file could not be made or written: full if there is no room for it, else unusable. `hint` is
// for the latter.
[[nodiscard]] inline StoreError file_error(std::string_view operation, int error,
                                           std::string_view hint) {
    const std::string_view room = room_hint(error);
    if (room.empty()) return unusable(operation, std::strerror(error), hint);
    return {StoreError::Kind::full, StoreError::Cure::time, operation, std::strerror(error), room};
}

// What helps if this process may not write there.
[[nodiscard]] inline std::string must_be_writable(std::string_view what) {
    return std::string(what) + " must exist and be writable for the user " +
           std::to_string(::geteuid());
}

// What an operator does about a damaged store.
inline constexpr std::string_view damage_hint =
    "check the disk; the command verify says what is damaged, and restore puts a backup in its "
    "place";

[[nodiscard]] inline StoreError damaged(std::string_view operation, std::string_view detail,
                                        std::string_view hint = damage_hint) {
    return {StoreError::Kind::damaged, StoreError::Cure::restart, operation, detail, hint};
}

// What lies at the path is no longer what is open here; `detail` says which file and how.
[[nodiscard]] inline StoreError replaced(std::string_view path, std::string_view detail) {
    return {StoreError::Kind::replaced, StoreError::Cure::restart,
            "go on with the store at " + std::string(path), detail,
            "stop all programs before a store is moved, removed or put back"};
}

}  // namespace orders::sqlite
