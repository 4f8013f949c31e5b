#pragma once

// Load over HTTP by wrk: one thread of it, in a process of its own, as the Lua scripts beside this
// file say. wrk corrects its latencies for what it could not send while it waited ("coordinated
// omission"), which favours neither side of a comparison: both are corrected.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/figures.h"

namespace orders::bench {

struct Load {
    std::string script;
    std::vector<std::string> arguments;
    int port = 0;
    int connections = 1;
    std::chrono::seconds duration{1};
};

struct LoadResult {
    std::int64_t answered = 0;   // all with 2xx
    std::int64_t generated = 0;  // more than that: some were not sent, or not answered in time
    Figures figures;             // of requests
};

// Throws if wrk is missing, or if anything was answered other than with success.
[[nodiscard]] LoadResult run_load(const Load& load);

}  // namespace orders::bench
