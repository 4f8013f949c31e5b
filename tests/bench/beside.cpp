#include "tests/bench/beside.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/bench/create_load.h"
#include "tests/bench/machine.h"
#include "tests/bench/turns.h"
#include "tests/support/child_process.h"

namespace orders::bench {
namespace {

// Which of a row's figures is compared.
enum class Compared { rate, p50 };

struct BesideRow {
    std::string_view name;
    std::string_view what;
    Compared compared;
    // Prepares what the turns of one build share. What it returns measures one of them, and throws
    // BenchFailure as turns.h says.
    Turn (*side)(const Settings&, const Build&);
};

template <int Connections>
Turn create_side(const Settings& settings, const Build& build) {
    const CreateLoad load{.connections = Connections, .duration = settings.load_time()};
    return [=] { return creates_on_new_store(load, settings, build); };
}

Turn batch_side(const Settings& settings, const Build& build) {
    return [=] { return batches_on_new_store(settings, build); };
}

Turn drain_side(const Settings& settings, const Build& build) {
    // What a worker does in about a second on a machine with two cores.
    constexpr std::int64_t orders_per_second = 60'000;
    const auto orders =
        settings.pick<std::int64_t>(orders_per_second * settings.load_time().count(), 2'000);
    return [=] { return Figures{.rate = drain_new_store(orders, build).rate}; };
}

Turn pickup_side(const Settings& settings, const Build& build) {
    return [=] {
        const PickupTimes times = pick_up_on_new_store(settings.load_time(), build);
        return Figures{.p50 = times.fine_p50, .p99 = times.whole.p99, .max = times.whole.max};
    };
}

// One store for all turns, because filling it takes as long as a turn.
Turn get_side(const Settings& settings, const Build& build) {
    const auto orders = std::make_shared<OrdersToRead>(settings, build);
    return [=] { return orders->read(); };
}

double user_time_of(const Figures& figures) {
    return figures.user_time.count();
}

Turn reporting(std::string side, Turn turn) {
    return [side = std::move(side), turn = std::move(turn)] {
        const Figures figures = turn();
        say("    " + side + ": " + text_of(figures));
        return figures;
    };
}

bool is_lost(Compared compared, double ratio) {
    return compared == Compared::rate ? ratio < least_rate_ratio : ratio > largest_p50_ratio;
}

BesideLine line_of(const BesideRow& row, const Comparison& comparison) {
    const bool is_of_rates = row.compared == Compared::rate;
    return {.row = std::string(row.name),
            .compared = is_of_rates ? "rate" : "p50",
            .ratios = quartiles(comparison.ratios(is_of_rates ? rate_of : p50_of)),
            .ours = text_of(median(comparison.ours)),
            .theirs = text_of(median(comparison.reference))};
}

// CPU is not judged: clients do not feel it. But it shows small differences that rates do not.
void add_user_time(const Comparison& comparison, Report& report) {
    const auto text = [](const std::vector<Figures>& all) {
        return number_text(median(all).user_time.count(), 1) + " us";
    };
    report.add(BesideLine{.row = "",
                          .compared = "user CPU of a create",
                          .ratios = quartiles(comparison.ratios(user_time_of)),
                          .verdict = "not judged",
                          .ours = text(comparison.ours),
                          .theirs = text(comparison.reference)});
}

// Returns whether the row has lost.
bool measure_once(const BesideRow& row, const Settings& settings, const Build& other,
                  bool is_repetition, Report& report) {
    const Comparison comparison =
        take_turns(settings.rounds(), reporting("ours", row.side(settings, this_build())),
                   reporting("theirs", row.side(settings, other)));
    BesideLine line = line_of(row, comparison);
    const bool has_lost = !settings.is_quick && is_lost(row.compared, line.ratios.median);
    if (settings.is_quick) {
        line.verdict = "not judged";
    } else if (has_lost) {
        line.verdict = is_repetition ? "**lost again**" : "lost once";
    } else {
        line.verdict = "held";
    }
    if (is_repetition) line.row += ", again";
    report.add(std::move(line));
    if (median(comparison.reference).user_time.count() > 0) add_user_time(comparison, report);
    return has_lost;
}

void measure_beside(const BesideRow& row, const Settings& settings, const Build& other,
                    Report& report) {
    if (!measure_once(row, settings, other, false, report)) return;
    say("    lost; measured once more");
    if (measure_once(row, settings, other, true, report)) {
        report.add_failure(row.name, "slower than the other build, twice");
    }
}

std::string version_of(const Build& build) {
    test::ChildProcess api(build.program("order-api"), {"--version"});
    if (api.wait_exit(std::chrono::seconds(10)) != test::exited(0)) {
        throw BenchFailure("no version of " + build.program("order-api"));
    }
    const std::string output = api.output();
    return output.substr(0, output.find('\n'));
}

}  // namespace

std::vector<Row> rows_beside(const Build& other) {
    static constexpr std::array beside_rows{
        BesideRow{"creates-64", "creates over 64 connections", Compared::rate, create_side<64>},
        BesideRow{"creates-16", "the same over 16 connections", Compared::rate, create_side<16>},
        BesideRow{"creates-1", "one create at a time", Compared::p50, create_side<1>},
        BesideRow{"batch-1000", "batches of 1,000 orders", Compared::rate, batch_side},
        BesideRow{"drain", "a worker with 64 threads and instant orders", Compared::rate,
                  drain_side},
        BesideRow{"pickup", "from stored to started, with an idle worker", Compared::p50,
                  pickup_side},
        BesideRow{"get-64", "reading single orders over 64 connections", Compared::rate, get_side},
    };
    std::vector<Row> rows;
    for (const BesideRow& row : beside_rows) {
        rows.push_back(
            {row.name, row.what, [&row, other](const Settings& settings, Report& report) {
                 measure_beside(row, settings, other, report);
             }});
    }
    return rows;
}

std::string describe_beside(const Settings& settings, const Build& other) {
    return "Ours: " + version_of(this_build()) + " of " + this_build().directory +
           "\nTheirs: " + version_of(other) + " of " + other.directory +
           "\nLoad average of the machine before: " + number_text(load_average(), 2) + "\n\n" +
           "For each row: " + std::to_string(settings.rounds()) + " pairs of turns of " +
           std::to_string(settings.load_time().count()) +
           " s (drain: as many orders as take about that long); the builds take turns in\n"
           "going first. Each turn has a new store (get-64: each build has one store for the row), "
           "audited afterwards.\n"
           "Ratio: ours / theirs, the median of the pairs. A row has lost if it is under " +
           ratio_text(least_rate_ratio) + " (rates) or over " + ratio_text(largest_p50_ratio) +
           " (p50),\nand is so again when all pairs are measured once more.";
}

}  // namespace orders::bench
