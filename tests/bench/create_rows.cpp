// Single creates: many clients at a time against the HTTP library alone, and one at a time against
// what a create cannot do without, an fsync and a round trip.

#include "tests/bench/create_load.h"
#include "tests/bench/in_process_benchmarks.h"
#include "tests/bench/rows.h"
#include "tests/bench/service_process.h"

namespace orders::bench {
namespace {

// Both sides take turns, each of our turns on a new store.
Comparison compare_creates(const Settings& settings, const CreateLoad& load) {
    ServiceProcess reference = start_reference_server(load.connections);
    return take_turns(
        settings.rounds(), [&] { return creates_on_new_store(load, settings); },
        [&] { return run_creates(reference.port(), load).figures; });
}

}  // namespace

void measure_creates_64(const Settings& settings, Report& report) {
    constexpr Microseconds goal = std::chrono::milliseconds(10);
    const Comparison comparison =
        compare_creates(settings, {.connections = 64, .duration = settings.load_time()});
    report.add(stock_server_line("creates-64", comparison, 0.75));
    const Microseconds p99 = median(comparison.ours).p99;
    report.add(Line{.row = "",
                    .goal = "p99 at most " + time_text(goal),
                    .measured = time_text(p99),
                    .is_met = p99 <= goal});
}

void measure_creates_16(const Settings& settings, Report& report) {
    const Comparison comparison =
        compare_creates(settings, {.connections = 16, .duration = settings.load_time()});
    report.add(stock_server_line("creates-16", comparison, 0.65));
}

void measure_creates_1(const Settings& settings, Report& report) {
    constexpr double goal = 1.3;
    const CreateLoad load{.connections = 1, .duration = settings.load_time()};
    ServiceProcess server = start_reference_server(load.connections);
    std::vector<Figures> syncs;
    const Comparison comparison = take_turns(
        settings.rounds(), [&] { return creates_on_new_store(load, settings); },
        [&] {
            syncs.push_back(run_benchmark(benchmark_name::sync));
            return run_creates(server.port(), load).figures;
        });

    std::vector<double> ratios;
    for (std::size_t i = 0; i < syncs.size(); ++i) {
        ratios.push_back(comparison.ours[i].p50 / (syncs[i].p50 + comparison.reference[i].p50));
    }
    report.add(Line{.row = "creates-1",
                    .goal = "p50 at most 1.3 of an fsync's and an empty round trip's p50",
                    .measured = ratio_text(median(ratios)),
                    .is_met = median(ratios) <= goal,
                    .ours = text_of(median(comparison.ours)),
                    .reference = "cpp-httplib: " + text_of(median(comparison.reference)) +
                                 "; fdatasync of 16 KiB: " + text_of(median(syncs))});
}

}  // namespace orders::bench
