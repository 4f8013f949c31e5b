#pragma once

// What runs inside this process, as Google Benchmarks: the raw references, and parts of the
// product. The rows run them one at a time, by name, whenever they need a figure.

#include <string>

#include "tests/bench/figures.h"
#include "tests/bench/settings.h"

namespace orders::bench {

namespace benchmark_name {
inline constexpr char sync[] = "fdatasync of 16 KiB";
inline constexpr char raw_insert[] = "raw SQLite, 1,000 inserts per commit";
inline constexpr char raw_insert_1k[] = "raw SQLite, 32 inserts with 1 KiB per commit";
inline constexpr char raw_insert_16k[] = "raw SQLite, 32 inserts with 16 KiB per commit";
inline constexpr char raw_drain[] = "raw SQLite, 64 orders settled and 64 claimed per commit";
inline constexpr char submit_1[] = "Store, 1 order submitted per commit";
inline constexpr char submit_64[] = "Store, 64 orders submitted per commit";
inline constexpr char submit_1000[] = "Store, 1,000 orders submitted per commit";
inline constexpr char drain_64[] = "Store, 64 orders settled and 64 claimed per commit";
inline constexpr char report[] = "Store, report";
inline constexpr char parse[] = "parse_order of a request's body";
}  // namespace benchmark_name

// Call it once, before anything is run.
void register_benchmarks(const Settings& settings);

// The rate is of orders, or of whatever one call handles; the latencies are of calls.
[[nodiscard]] Figures run_benchmark(const std::string& name);

}  // namespace orders::bench
