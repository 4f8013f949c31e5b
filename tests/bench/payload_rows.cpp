// What payloads cost: creates beside the HTTP library alone, fed the same bodies, and beside SQLite
// storing the same rows in groups of the same size; and a worker beside itself without payloads.

#include <array>
#include <string>

#include "tests/bench/create_load.h"
#include "tests/bench/in_process_benchmarks.h"
#include "tests/bench/rows.h"
#include "tests/bench/service_process.h"
#include "tests/bench/turns.h"

namespace orders::bench {
namespace {

struct PayloadCreates {
    std::string row;
    int bytes;
    double of_stock_server;
    const char* raw_insert;
};

void measure(const PayloadCreates& creates, const Settings& settings, Report& report) {
    const CreateLoad load{
        .connections = 64, .duration = settings.load_time(), .payload_bytes = creates.bytes};
    ServiceProcess server = start_reference_server(load.connections);
    std::vector<double> of_raw;
    std::vector<Figures> raw;
    const Comparison comparison = take_turns(
        settings.rounds(),
        [&] {
            const Figures ours = creates_on_new_store(load, settings);
            raw.push_back(run_benchmark(creates.raw_insert));
            of_raw.push_back(ours.rate / raw.back().rate);
            return ours;
        },
        [&] { return run_creates(server.port(), load).figures; });
    report.add(stock_server_line(creates.row, comparison, creates.of_stock_server));
    report.add(ratio_line("", {.what = "orders", .at_least = 0.7, .whose = "raw SQLite's"},
                          median(of_raw), "",
                          "raw SQLite: " + text_of(median(raw)) + " (a commit)"));
}

}  // namespace

void measure_creates_1k(const Settings& settings, Report& report) {
    measure({.row = "creates-1k",
             .bytes = 1'024,
             .of_stock_server = 0.60,
             .raw_insert = benchmark_name::raw_insert_1k},
            settings, report);
}

void measure_creates_16k(const Settings& settings, Report& report) {
    measure({.row = "creates-16k",
             .bytes = 16'384,
             .of_stock_server = 0.35,
             .raw_insert = benchmark_name::raw_insert_16k},
            settings, report);
}

void measure_drain_1k(const Settings& settings, Report& report) {
    const std::int64_t orders = settings.pick(60'000, 2'000);
    const auto drained = [&](int payload_bytes) {
        return Figures{
            .rate = drain_new_store(orders, this_build(), {.payload_bytes = payload_bytes}).rate};
    };
    const Comparison comparison = take_turns(
        settings.rounds(), [&] { return drained(1'024); }, [&] { return drained(0); });
    report.add(ratio_line("drain-1k",
                          {.what = "orders with 1 KiB", .at_least = 0.85, .whose = "those without"},
                          comparison.rate_ratio(), rate_text(median(comparison.ours).rate),
                          "without: " + rate_text(median(comparison.reference).rate)));
}

}  // namespace orders::bench
