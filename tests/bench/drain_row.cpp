// One worker against SQLite changing the same rows in the same portions with nothing around it. The
// orders are instant, so all of it is claiming and settling.

#include "tests/bench/delivery_audit.h"
#include "tests/bench/drain.h"
#include "tests/bench/in_process_benchmarks.h"
#include "tests/bench/raw_sqlite.h"
#include "tests/bench/rows.h"
#include "tests/bench/service_process.h"
#include "tests/bench/turns.h"

namespace orders::bench {
namespace {

void check_every_order_was_processed_once(RawDatabase& database, std::int64_t orders) {
    const std::int64_t processed =
        database.number("SELECT count(*) FROM orders WHERE status = 2 AND attempts = 1");
    if (processed != orders || database.number("SELECT count(*) FROM orders") != orders) {
        throw BenchFailure("of " + std::to_string(orders) + " orders " + std::to_string(processed) +
                           " were processed once");
    }
}

// All of them waited from the start, so they must have been started in the order of the queue.
void check_order_of_claims(RawDatabase& database) {
    const std::int64_t out_of_order = database.number(
        "SELECT count(*) FROM (SELECT started_at < lag(started_at) OVER (ORDER BY priority, seq)"
        "                      AS is_early FROM orders) WHERE is_early");
    if (out_of_order != 0) {
        throw BenchFailure(std::to_string(out_of_order) + " orders were started before their turn");
    }
}

}  // namespace

Drained drain_new_store(std::int64_t orders, const Build& build, const Extras& extras) {
    const StoreDirectory directory;
    submit_orders(directory.location(), new_id_run(IdKind::time_ordered), orders, build, extras);
    const double rate = drain(directory.location(), build);
    check_consistency(directory.location());
    RawDatabase database(directory.location());
    check_every_order_was_processed_once(database, orders);
    check_order_of_claims(database);
    const auto milliseconds = static_cast<double>(
        database.number("SELECT max(max(finished_at) - min(started_at), 1) FROM orders"));
    return {.rate = rate, .stored_rate = static_cast<double>(orders) / milliseconds * 1'000};
}

void measure_drain(const Settings& settings, Report& report) {
    const std::int64_t orders = settings.pick(60'000, 2'000);
    std::vector<double> stored_rates;
    const Comparison comparison = take_turns(
        settings.rounds(),
        [&] {
            const Drained drained = drain_new_store(orders);
            stored_rates.push_back(drained.stored_rate);
            return Figures{.rate = drained.rate};
        },
        [] { return run_benchmark(benchmark_name::raw_drain); });
    report.add(ratio_line("drain", {.what = "orders", .at_least = 0.5, .whose = "raw SQLite's"},
                          comparison.rate_ratio(),
                          rate_text(median(comparison.ours).rate) + " (" +
                              rate_text(median(stored_rates)) +
                              " without the start of the process)",
                          "raw SQLite: " + text_of(median(comparison.reference)) + " (a commit)"));
}

}  // namespace orders::bench
