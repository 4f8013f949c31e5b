#pragma once

// What a fuzz target demands: if it does not hold, the process ends with a line that says what.

#include <cstdio>
#include <cstdlib>

namespace orders::test {

inline void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
}

}  // namespace orders::test
