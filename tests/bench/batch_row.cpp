// Batches of 1,000 orders over HTTP, against SQLite taking the same rows in the same portions with
// nothing around it.

#include <algorithm>
#include <cstdint>

#include "tests/bench/delivery_audit.h"
#include "tests/bench/in_process_benchmarks.h"
#include "tests/bench/rows.h"
#include "tests/bench/service_process.h"
#include "tests/bench/turns.h"

namespace orders::bench {
namespace {

constexpr int orders_per_batch = 1'000;

// Bodies to make before the load starts, 80 KB each: more than a run gets through on most machines,
// as long as they fit into the memory that the load generator can use.
int bodies_to_prepare(const Settings& settings) {
    constexpr std::int64_t per_second = 375;
    constexpr std::int64_t most = 3'000;
    const std::int64_t enough = per_second * settings.load_time().count();
    return settings.pick(static_cast<int>(std::min(enough, most)), 300);
}

}  // namespace

Figures batches_at(const std::string& new_store, const Settings& settings, const Build& build) {
    ServiceProcess api = start_api(new_store, build);
    DeliveryAudit audit(new_store);
    const IdRun ids = new_id_run(IdKind::time_ordered);
    std::vector<std::string> arguments = script_arguments(ids);
    arguments.push_back(std::to_string(bodies_to_prepare(settings)));
    LoadResult result = run_load({.script = "batches.lua",
                                  .arguments = arguments,
                                  .port = api.port(),
                                  .connections = 4,
                                  .duration = settings.load_time()});
    audit.expect(ids, result, orders_per_batch);
    api.stop();
    audit.check();
    check_consistency(new_store);
    result.figures.rate *= orders_per_batch;
    return result.figures;
}

Figures batches_on_new_store(const Settings& settings, const Build& build) {
    return batches_at(StoreDirectory().location(), settings, build);
}

void measure_batch(const Settings& settings, Report& report) {
    const Comparison comparison = take_turns(
        settings.rounds(), [&] { return batches_on_new_store(settings); },
        [] { return run_benchmark(benchmark_name::raw_insert); });
    report.add(ratio_line("batch-1000",
                          {.what = "orders", .at_least = 0.7, .whose = "raw SQLite's"},
                          comparison.rate_ratio(), text_of(median(comparison.ours)) + " (a batch)",
                          "raw SQLite: " + text_of(median(comparison.reference)) + " (a commit)"));
}

}  // namespace orders::bench
