// One worker against SQLite changing the same rows in the same portions with nothing around it. The
// orders are instant, so all of it is claiming and settling.

#include <algorithm>

#include "tests/bench/delivery_audit.h"
#include "tests/bench/drain.h"
#include "tests/bench/in_process_benchmarks.h"
#include "tests/bench/rows.h"
#include "tests/bench/service_process.h"
#include "tests/bench/turns.h"

namespace orders::bench {
namespace {

void check_every_order_was_processed_once(StoreView& view, std::int64_t orders) {
    const std::int64_t processed =
        view.number("SELECT count(*) FROM orders WHERE status = 2 AND attempts = 1");
    if (processed != orders || view.number("SELECT count(*) FROM orders") != orders) {
        throw BenchFailure("of " + std::to_string(orders) + " orders " + std::to_string(processed) +
                           " were processed once");
    }
}

// All of them waited from the start, so they must have been started in the order of the queue.
void check_order_of_claims(StoreView& view) {
    const std::int64_t out_of_order = view.number(
        "SELECT count(*) FROM (SELECT started_at < lag(started_at) OVER (ORDER BY priority, seq)"
        "                      AS is_early FROM orders) claims WHERE is_early");
    if (out_of_order != 0) {
        throw BenchFailure(std::to_string(out_of_order) + " orders were started before their turn");
    }
}

}  // namespace

Drained drain_at(const std::string& new_store, std::int64_t orders, const Build& build,
                 const Extras& extras) {
    submit_orders(new_store, new_id_run(IdKind::time_ordered), orders, build, extras);
    const double rate = drain(new_store, build);
    check_consistency(new_store);
    const auto view = view_of(new_store);
    check_every_order_was_processed_once(*view, orders);
    check_order_of_claims(*view);
    const std::int64_t milliseconds = std::max<std::int64_t>(
        view->number("SELECT max(finished_at) - min(started_at) FROM orders"), 1);
    return {.rate = rate,
            .stored_rate = static_cast<double>(orders) / static_cast<double>(milliseconds) * 1'000};
}

Drained drain_new_store(std::int64_t orders, const Build& build, const Extras& extras) {
    return drain_at(StoreDirectory().location(), orders, build, extras);
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
