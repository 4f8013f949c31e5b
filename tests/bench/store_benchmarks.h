#pragma once

// Google Benchmarks of the store by itself: no HTTP, no other process, one thread.

#include <benchmark/benchmark.h>

namespace orders::bench {

// One commit with this many new orders.
void submit_to_store(::benchmark::State& state, int orders_per_commit);

// One commit that settles 64 orders and claims the next 64.
void drain_store(::benchmark::State& state);

// The report of a store in which some orders wait.
void report_of_store(::benchmark::State& state);

}  // namespace orders::bench
