#pragma once

// How many files and connections this process may have open.

#include <sys/resource.h>

#include <cstddef>
#include <stdexcept>
#include <string>

namespace orders {

// For the commands of both programs, such as `verify`: a database with its log and locks, a copy
// with its own, and the standard streams are fewer than twenty.
inline constexpr std::size_t least_descriptors_of_commands = 32;

// Makes that as many as the system allows: the soft limit, often 1,024, becomes the hard one.
// Throws std::runtime_error, which says what to raise, if that is less than `needed`: with fewer
// the program would fail sooner or later, and for reasons that name anything but the limit.
inline void raise_descriptor_limit(std::size_t needed) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    if (limit.rlim_max < needed) {
        throw std::runtime_error("the limit of open files is " + std::to_string(limit.rlim_max) +
                                 ", and at least " + std::to_string(needed) +
                                 " are needed: raise it (ulimit -n in a shell, LimitNOFILE= for "
                                 "systemd, ulimits for a container)");
    }
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace orders
