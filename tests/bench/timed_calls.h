#pragma once

// Makes a Google Benchmark report percentiles: its own figures are means.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include "tests/bench/figures.h"

namespace orders::bench {

inline constexpr char p50_counter[] = "p50_us";
inline constexpr char p99_counter[] = "p99_us";

// Calls and times `call` for as long as the benchmark runs; each call handles this many items.
template <typename Call>
void time_calls(::benchmark::State& state, std::int64_t items_per_call, Call call) {
    Latencies latencies;
    while (state.KeepRunning()) {
        const auto begin = SteadyClock::now();
        call();
        latencies.add(SteadyClock::now() - begin);
    }
    const Figures figures = latencies.figures();
    state.counters[p50_counter] = figures.p50.count();
    state.counters[p99_counter] = figures.p99.count();
    state.SetItemsProcessed(state.iterations() * items_per_call);
}

}  // namespace orders::bench
