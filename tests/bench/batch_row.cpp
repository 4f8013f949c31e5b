// Batches of 1,000 orders over HTTP, against SQLite taking the same rows in the same portions with
// nothing around it.

#include "tests/bench/delivery_audit.h"
#include "tests/bench/in_process_benchmarks.h"
#include "tests/bench/rows.h"
#include "tests/bench/service_process.h"

namespace orders::bench {
namespace {

constexpr int orders_per_batch = 1'000;

Figures run_batches(const Settings& settings) {
    // Made before the load starts, 80 KB each: more than a run gets through on most machines.
    const int prepared = settings.pick(1'500, 300);
    const StoreDirectory directory;
    ServiceProcess api = start_api(directory.location());
    DeliveryAudit audit(directory.location());
    const IdRun ids = new_id_run(IdKind::time_ordered);
    std::vector<std::string> arguments = script_arguments(ids);
    arguments.push_back(std::to_string(prepared));
    LoadResult result = run_load({.script = "batches.lua",
                                  .arguments = arguments,
                                  .port = api.port(),
                                  .connections = 4,
                                  .duration = settings.load_time()});
    audit.expect(ids, result, orders_per_batch);
    api.stop();
    audit.check();
    check_consistency(directory.location());
    result.figures.rate *= orders_per_batch;
    return result.figures;
}

}  // namespace

void measure_batch(const Settings& settings, Report& report) {
    const Comparison comparison = take_turns(
        settings.rounds(), [&] { return run_batches(settings); },
        [] { return run_benchmark(benchmark_name::raw_insert); });
    report.add(ratio_line("batch-1000",
                          {.what = "orders", .at_least = 0.7, .whose = "raw SQLite's"},
                          comparison.rate_ratio(), text_of(median(comparison.ours)) + " (a batch)",
                          "raw SQLite: " + text_of(median(comparison.reference)) + " (a commit)"));
}

}  // namespace orders::bench
