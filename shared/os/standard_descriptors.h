#pragma once

// Standard input, output and error, for a process that was started without them (`order-api 2>&-`,
// or by a supervisor that closes them). Otherwise the first files that it opens would get their
// numbers, and what is meant for the log would go into a socket, an eventfd or a copy of the store.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace orders {

// Those of descriptors 0, 1 and 2 that are closed become /dev/null. Call it before anything is
// opened. Throws std::system_error.
inline void open_standard_descriptors() {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
        // It gets the lowest number that is free, which is this one; children inherit it.
        if (::open("/dev/null", O_RDWR) < 0) {
            throw std::system_error(errno, std::generic_category(), "open /dev/null");
        }
    }
}

// Standard error never blocks any more if it is a terminal or a pipe: it is opened once more,
// because O_NONBLOCK on what the process was given would reach all that share it. A file stays as
// it is, because opened again it would have neither its offset nor its O_APPEND; so does what may
// not be opened again.
inline void own_standard_error() {
    struct stat target {};
    if (::fstat(STDERR_FILENO, &target) != 0) return;
    if (!S_ISCHR(target.st_mode) && !S_ISFIFO(target.st_mode)) return;
    const int own = ::open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (own < 0) return;
    ::dup2(own, STDERR_FILENO);
    ::close(own);
}

}  // namespace orders
