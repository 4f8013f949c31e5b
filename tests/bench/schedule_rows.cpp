// Many orders at once: that fall due in the same moment, beside a drain of as many that wait
// already; and that are cancelled by one request, while others create.

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "shared/domain/utc_time.h"
#include "tests/bench/create_load.h"
#include "tests/bench/drain.h"
#include "tests/bench/rows.h"
#include "tests/bench/service_process.h"
#include "tests/support/http_client.h"

namespace orders::bench {
namespace {

std::string in(std::chrono::seconds delay) {
    return to_rfc3339(std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now() + delay));
}

// From when they are due until all have been processed. The worker waits for them.
Figures drain_due_at_once(std::int64_t orders, std::chrono::seconds delay) {
    const StoreDirectory directory;
    const auto due = SteadyClock::now() + delay;
    submit_orders(directory.location(), new_id_run(IdKind::time_ordered), orders, this_build(),
                  {.not_before = in(delay)});
    if (SteadyClock::now() > due) throw BenchFailure("the orders were due before all were stored");
    Progress progress(directory.location());
    ServiceProcess worker = start_worker(directory.location(), drain_threads);
    progress.wait_until_all_finished();
    const Seconds taken = SteadyClock::now() - due;
    worker.stop();
    check_consistency(directory.location());
    check_processed_at_most_once(directory.location());
    return {.rate = static_cast<double>(orders) / taken.count()};
}

Figures drain_waiting(std::int64_t orders) {
    const StoreDirectory directory;
    submit_orders(directory.location(), new_id_run(IdKind::time_ordered), orders);
    return {.rate = drain(directory.location())};
}

// Cancels all that are High, in as many requests as it takes.
double cancel_high(int port, std::int64_t orders) {
    const std::string body = R"({"priority":"High","limit":100000})";
    test::HttpClient client(port);
    const auto begin = SteadyClock::now();
    std::int64_t cancelled = 0;
    for (bool has_more = true; has_more;) {
        const auto response = client.post("/api/v1/orders/cancel", body);
        if (response.status != 200) throw BenchFailure("cancelling failed: " + response.body);
        const auto answer = nlohmann::json::parse(response.body);
        cancelled += answer.at("cancelled").get<std::int64_t>();
        has_more = answer.at("more").get<bool>();
    }
    const Seconds taken = SteadyClock::now() - begin;
    if (cancelled < orders) throw BenchFailure("not all were cancelled");
    return static_cast<double>(cancelled) / taken.count();
}

struct Cancelling {
    double rate = 0;
    Figures creates;
};

// Beside creates of one client at a time, whose orders are High and Normal alternately.
Cancelling cancel_beside_creates(std::int64_t orders, std::chrono::seconds duration) {
    const StoreDirectory directory;
    submit_orders(directory.location(), new_id_run(IdKind::time_ordered), 2 * orders);
    ServiceProcess api = start_api(directory.location());
    Cancelling result;
    {
        const std::jthread canceller(
            [&, port = api.port()] { result.rate = cancel_high(port, orders); });
        result.creates = run_creates(api.port(), {.connections = 4, .duration = duration}).figures;
    }
    api.stop();
    check_consistency(directory.location());
    return result;
}

}  // namespace

void measure_due_at_once(const Settings& settings, Report& report) {
    const std::int64_t orders = settings.pick(100'000, 2'000);
    const std::chrono::seconds delay(settings.pick(8, 3));
    const Comparison comparison = take_turns(
        settings.rounds(), [&] { return drain_due_at_once(orders, delay); },
        [&] { return drain_waiting(orders); });
    report.add(ratio_line("due-at-once",
                          {.what = "orders", .at_least = 0.8, .whose = "those that wait already"},
                          comparison.rate_ratio(), rate_text(median(comparison.ours).rate),
                          "waiting: " + rate_text(median(comparison.reference).rate)));
}

void measure_bulk_cancel(const Settings& settings, Report& report) {
    constexpr double goal = 20'000;
    constexpr Microseconds longest = std::chrono::milliseconds(50);
    const std::int64_t orders = settings.pick(60'000, 1'000);
    std::vector<double> rates;
    Microseconds longest_create{0};
    for (int round = 0; round < settings.rounds(); ++round) {
        const Cancelling cancelling = cancel_beside_creates(orders, settings.load_time());
        rates.push_back(cancelling.rate);
        longest_create = std::max(longest_create, cancelling.creates.max);
    }
    report.add(Line{.row = "bulk-cancel",
                    .goal = "at least " + rate_text(goal),
                    .measured = rate_text(median(rates)),
                    .is_met = median(rates) >= goal});
    report.add(Line{.row = "",
                    .goal = "no create waits longer than " + time_text(longest),
                    .measured = time_text(longest_create),
                    .is_met = longest_create <= longest});
}

}  // namespace orders::bench
