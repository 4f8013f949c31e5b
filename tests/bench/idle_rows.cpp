// Programs with little or nothing to do: how soon an order is started, and what waiting costs.

#include <algorithm>
#include <thread>

#include "tests/bench/create_load.h"
#include "tests/bench/drain.h"
#include "tests/bench/raw_sqlite.h"
#include "tests/bench/rows.h"
#include "tests/bench/service_process.h"
#include "tests/support/http_client.h"

namespace orders::bench {
namespace {

constexpr int default_threads = 10;

// From the times that the orders have, which are whole milliseconds.
Figures pickup_times(const std::string& location, int dropped) {
    RawDatabase database(location);
    RawStatement rows(database,
                      "SELECT started_at - created_at FROM orders ORDER BY seq LIMIT -1 OFFSET ?");
    rows.bind(1, dropped);
    Latencies latencies;
    while (rows.step()) {
        latencies.add(std::chrono::milliseconds(std::max<std::int64_t>(rows.number(0), 0)));
    }
    return latencies.figures();
}

std::string milliseconds_text(Microseconds time) {
    return number_text(time.count() / 1'000, 0) + " ms";
}

}  // namespace

void measure_pickup(const Settings& settings, Report& report) {
    constexpr Microseconds p50_goal = std::chrono::milliseconds(1);
    constexpr Microseconds p99_goal = std::chrono::milliseconds(5);
    const int orders = settings.pick(300, 30);
    const StoreDirectory directory;
    ServiceProcess api = start_api(directory.location());
    ServiceProcess worker = start_worker(directory.location(), default_threads);
    test::HttpClient client(api.port());
    OrderIds ids(new_id_run(IdKind::time_ordered));
    for (int i = 0; i < orders; ++i) {
        const std::string body =
            R"({"order_id":")" + ids.next() + R"(","priority":"Normal","processing_time":1})";
        if (client.post("/api/v1/orders", body).status != 200) {
            throw BenchFailure("an order was not taken");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    Progress progress(directory.location());
    progress.wait_until_all_finished();
    if (progress.finished() != orders) throw BenchFailure("an order was lost");
    api.stop();
    worker.stop();
    check_consistency(directory.location());

    const Figures times = pickup_times(directory.location(), 20);
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

    const auto begin = SteadyClock::now();
    const Seconds cpu_before = api.cpu_time() + worker.cpu_time();
    std::this_thread::sleep_for(std::chrono::seconds(settings.pick(20, 1)));
    const Seconds cpu = api.cpu_time() + worker.cpu_time() - cpu_before;
    const double percent = 100 * (cpu / Seconds(SteadyClock::now() - begin));
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
