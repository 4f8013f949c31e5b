// What it costs the service to be watched (watchers.h): each turn with those who look on, beside
// one without.

#include <cstdint>
#include <memory>

#include "tests/bench/create_load.h"
#include "tests/bench/delivery_audit.h"
#include "tests/bench/drain.h"
#include "tests/bench/rows.h"
#include "tests/bench/service_process.h"
#include "tests/bench/turns.h"
#include "tests/bench/watchers.h"

namespace orders::bench {
namespace {

// Neighbours differ by a few per cent, so it takes some pairs of turns to tell that there is no
// loss.
int pairs(const Settings& settings) {
    return settings.pick(9, 1);
}

// A worker drains while an API runs.
Figures drain_beside_api(std::int64_t orders, const Company& company) {
    const StoreDirectory directory;
    submit_orders(directory.location(), new_id_run(IdKind::time_ordered), orders);
    ServiceProcess api = start_api(directory.location());
    const auto stop_company = company(api);
    const double rate = drain(directory.location());
    stop_company();
    api.stop();
    check_consistency(directory.location());
    return {.rate = rate};
}

Figures pick_up(std::chrono::milliseconds duration, const Company& company) {
    const StoreDirectory directory;
    return {.p50 = pick_up_at(directory.location(), duration, this_build(), company).fine_p50};
}

Company watchers() {
    return [](const ServiceProcess& api) -> std::function<void()> {
        return [watchers = std::make_shared<Watchers>(api.port())] { watchers->stop(); };
    };
}

}  // namespace

void measure_watched(const Settings& settings, Report& report) {
    const CreateLoad load{.connections = 64, .duration = settings.load_time()};
    const auto orders = settings.pick<std::int64_t>(50'000 * load.duration.count(), 2'000);
    const auto compare_rates = [&](const std::string& row, const std::string& what,
                                   const auto& turn) {
        const Comparison rates = take_turns(
            pairs(settings), [&] { return turn(watchers()); }, [&] { return turn(nobody()); });
        report.add(ratio_line(row,
                              {.what = what, .at_least = least_rate_ratio, .whose = "unwatched"},
                              rates.rate_ratio(), text_of(median(rates.ours)),
                              "unwatched: " + text_of(median(rates.reference))));
    };
    compare_rates("watched", "creates", [&](const Company& company) {
        return creates_on_new_store(load, settings, this_build(), company);
    });
    compare_rates("", "drain",
                  [&](const Company& company) { return drain_beside_api(orders, company); });
    const Comparison pickups = take_turns(
        pairs(settings), [&] { return pick_up(settings.load_time(), watchers()); },
        [&] { return pick_up(settings.load_time(), nobody()); });
    const double ratio = median(pickups.ratios(p50_of));
    report.add(Line{.row = "",
                    .goal = "pickup p50 at most " + ratio_text(largest_p50_ratio) + " of unwatched",
                    .measured = ratio_text(ratio),
                    .is_met = ratio <= largest_p50_ratio,
                    .ours = time_text(median(pickups.ours).p50),
                    .reference = "unwatched: " + time_text(median(pickups.reference).p50)});
}

}  // namespace orders::bench
