// Programs with little or nothing to do: how soon an order is started, and what waiting costs.

#include <algorithm>
#include <cstdint>
#include <thread>
#include <vector>

#include "tests/bench/create_load.h"
#include "tests/bench/drain.h"
#include "tests/bench/rows.h"
#include "tests/bench/service_process.h"
#include "tests/bench/turns.h"
#include "tests/support/http_client.h"

namespace orders::bench {
namespace {

constexpr int default_threads = 10;

constexpr std::chrono::milliseconds pause_between_orders{20};
constexpr std::int64_t orders_not_timed = 20;

// Sorted, in whole milliseconds.
std::vector<std::int64_t> waits_before_start(const std::string& location) {
    std::vector<std::int64_t> waits =
        view_of(location)->numbers("SELECT started_at - created_at FROM orders WHERE seq > " +
                                   std::to_string(orders_not_timed));
    for (std::int64_t& wait : waits) wait = std::max<std::int64_t>(wait, 0);
    std::ranges::sort(waits);
    if (waits.empty()) throw BenchFailure("no order was timed");
    return waits;
}

Figures percentiles_of(const std::vector<std::int64_t>& waits) {
    Latencies latencies;
    for (const std::int64_t wait : waits) latencies.add(std::chrono::milliseconds(wait));
    return latencies.figures();
}

// Both times that a wait lies between are cut to whole milliseconds, so a wait of `n` was between
// n - 1 and n + 1: its millisecond is the one around n.
Microseconds median_within_millisecond(const std::vector<std::int64_t>& waits) {
    const auto half = static_cast<double>(waits.size()) / 2;
    const std::int64_t middle = waits[waits.size() / 2];
    const auto [first, last] = std::equal_range(waits.begin(), waits.end(), middle);
    const auto before = static_cast<double>(first - waits.begin());
    const auto same = static_cast<double>(last - first);
    const double milliseconds = static_cast<double>(middle) - 0.5 + (half - before) / same;
    return Microseconds(std::max(milliseconds * 1'000, 1.0));
}

std::string milliseconds_text(Microseconds time) {
    return number_text(time.count() / 1'000, 0) + " ms";
}

}  // namespace

PickupTimes pick_up_at(const std::string& new_store, std::chrono::milliseconds duration,
                       const Build& build, const Company& company) {
    const std::int64_t orders = duration / pause_between_orders;
    ServiceProcess api = start_api(new_store, build);
    const auto stop_company = company(api);
    ServiceProcess worker = start_worker(new_store, default_threads, build);
    test::HttpClient client(api.port());
    OrderIds ids(new_id_run(IdKind::time_ordered));
    for (std::int64_t i = 0; i < orders; ++i) {
        const std::string body =
            R"({"order_id":")" + ids.next() + R"(","priority":"Normal","processing_time":1})";
        if (client.post("/api/v1/orders", body).status != 200) {
            throw BenchFailure("an order was not taken");
        }
        std::this_thread::sleep_for(pause_between_orders);
    }
    Progress progress(new_store);
    progress.wait_until_all_finished();
    if (progress.finished() != orders) throw BenchFailure("an order was lost");
    stop_company();
    api.stop();
    worker.stop();
    check_consistency(new_store);

    const auto waits = waits_before_start(new_store);
    return {.whole = percentiles_of(waits), .fine_p50 = median_within_millisecond(waits)};
}

PickupTimes pick_up_on_new_store(std::chrono::milliseconds duration, const Build& build) {
    return pick_up_at(StoreDirectory().location(), duration, build);
}

void measure_pickup(const Settings& settings, Report& report) {
    constexpr Microseconds p50_goal = std::chrono::milliseconds(1);
    constexpr Microseconds p99_goal = std::chrono::milliseconds(5);
    const Figures times =
        pick_up_on_new_store(std::chrono::milliseconds(settings.pick(6'000, 600))).whole;
    report.add(Line{.row = "pickup",
                    .goal = "stored to started: p50 at most 1 ms, p99 at most 5 ms",
                    .measured = milliseconds_text(times.p50) + ", " + milliseconds_text(times.p99) +
                                ", max " + milliseconds_text(times.max) + " (whole ms)",
                    .is_met = times.p50 <= p50_goal && times.p99 <= p99_goal});
}

void measure_idle_cost(const Settings& settings, Report& report) {
    constexpr double cpu_goal = 0.5;
    constexpr double memory_goal = 30;
    const StoreDirectory directory;
    ServiceProcess api = start_api(directory.location());
    ServiceProcess worker = start_worker(directory.location(), default_threads);
    DeliveryAudit audit(directory.location());
    const double fresh_memory = api.resident_mebibytes();
    (void)run_creates(api.port(),
                      {.connections = 64, .duration = std::chrono::seconds(settings.pick(2, 1))},
                      audit);
    Progress(directory.location()).wait_until_all_finished();
    std::this_thread::sleep_for(std::chrono::milliseconds(settings.pick(2'000, 200)));

    const double percent =
        cpu_percent_at_rest(api, worker, std::chrono::seconds(settings.pick(20, 1)));
    const double memory = api.resident_mebibytes();
    const double worker_memory = worker.resident_mebibytes();
    api.stop();
    worker.stop();
    audit.check();
    check_consistency(directory.location());

    report.add(Line{.row = "idle-cost",
                    .goal = "both at rest: at most 0.5 % of a core",
                    .measured = number_text(percent, 2) + " %",
                    .is_met = percent <= cpu_goal});
    report.add(Line{.row = "",
                    .goal = "memory of order-api at most 30 MiB",
                    .measured = number_text(memory, 1) + " MiB",
                    .is_met = memory <= memory_goal,
                    .ours = "new: " + number_text(fresh_memory, 1) +
                            " MiB; order-worker: " + number_text(worker_memory, 1) + " MiB"});
}

}  // namespace orders::bench
