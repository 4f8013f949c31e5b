#pragma once

// How many files and connections this process may have open.

#include <sys/resource.h>

namespace orders {

// As many as the system allows: the soft limit, often 1,024, becomes the hard one.
inline void raise_descriptor_limit() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace orders
