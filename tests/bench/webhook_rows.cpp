// Orders that are sent to webhooks: beside libcurl posting the same bytes by itself, thousands at a
// time to a receiver that takes a second, and beside an endpoint that is dead.

#include <algorithm>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/bare_webhooks.h"
#include "tests/bench/delivery_audit.h"
#include "tests/bench/drain.h"
#include "tests/bench/rows.h"
#include "tests/bench/service_process.h"
#include "tests/support/http_client.h"

namespace orders::bench {
namespace {

constexpr int in_flight = 64;
constexpr int never = -1;

ServiceProcess start_receiver(int delay_ms) {
    return ServiceProcess({.path = this_build().program("instant_receiver"),
                           .flags = {std::to_string(delay_ms)},
                           .ready = "listening "});
}

std::string url_of(const ServiceProcess& receiver) {
    return "http://127.0.0.1:" + std::to_string(receiver.port()) + "/orders";
}

ServiceProcess start_worker_with(const std::string& location, std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"--db", location});
    return ServiceProcess(
        {.path = this_build().program("order-worker"), .flags = flags, .ready = " working "});
}

double drain_to(const ServiceProcess& receiver, std::int64_t orders) {
    const StoreDirectory directory;
    submit_orders(directory.location(), new_id_run(IdKind::time_ordered), orders);
    Progress progress(directory.location());
    ServiceProcess worker = start_worker_with(
        directory.location(),
        {"--webhook", "default=" + url_of(receiver), "--worker-count", std::to_string(in_flight)});
    const auto begin = SteadyClock::now();
    progress.wait_until_all_finished();
    const Seconds taken = SteadyClock::now() - begin;
    worker.stop();
    check_consistency(directory.location());
    check_processed_at_most_once(directory.location());
    return static_cast<double>(orders) / taken.count();
}

std::string order_of_kind(const std::string& id, const std::string& kind) {
    return R"({"order_id":")" + id + R"(","priority":"Normal","kind":")" + kind + R"("})";
}

// How long an order of the healthy kind takes, from its create to its end, one at a time. If the
// other endpoint is dead, as many of its orders wait as it could take for all of the time.
Figures time_healthy_kind(int orders, const std::string& healthy, const std::string& other,
                          int orders_of_other) {
    const StoreDirectory directory;
    ServiceProcess api = start_api(directory.location());
    ServiceProcess worker = start_worker_with(
        directory.location(), {"--webhook", "healthy=" + healthy, "--webhook", "other=" + other});
    test::HttpClient client(api.port());
    OrderIds ids(new_id_run(IdKind::time_ordered));
    const auto create = [&](const std::string& id, const std::string& kind) {
        if (client.post("/api/v1/orders", order_of_kind(id, kind)).status != 200) {
            throw BenchFailure("an order was not taken");
        }
    };
    for (int i = 0; i < orders_of_other; ++i) create(ids.next(), "other");
    Latencies latencies;
    for (int i = 0; i < orders; ++i) {
        const std::string id = ids.next();
        const auto begin = SteadyClock::now();
        create(id, "healthy");
        const auto answer = client.get("/api/v1/orders/" + id + "?wait_seconds=30");
        latencies.add(SteadyClock::now() - begin);
        if (answer.body.find(R"("status":"Processed")") == std::string::npos) {
            throw BenchFailure("an order was not processed: " + answer.body);
        }
    }
    api.stop();
    worker.stop();
    return latencies.figures();
}

}  // namespace

void measure_webhooks(const Settings& settings, Report& report) {
    const std::int64_t orders = settings.pick(100'000, 2'000);
    ServiceProcess receiver = start_receiver(0);
    const Comparison comparison = take_turns(
        settings.rounds(), [&] { return Figures{.rate = drain_to(receiver, orders)}; },
        [&] { return post_bare_webhooks(url_of(receiver), orders, in_flight); });
    report.add(ratio_line("webhooks",
                          {.what = "orders", .at_least = 0.6, .whose = "libcurl's by itself"},
                          comparison.rate_ratio(), rate_text(median(comparison.ours).rate),
                          "64 calls in flight: " + rate_text(median(comparison.reference).rate)));
}

void measure_webhooks_5000(const Settings& settings, Report& report) {
    constexpr double rate_goal = 4'000;
    constexpr double memory_goal = 200;
    const int at_once = settings.pick(5'000, 200);
    const std::int64_t orders = settings.pick(60'000, 600);
    ServiceProcess receiver = start_receiver(1'000);
    const StoreDirectory directory;
    submit_orders(directory.location(), new_id_run(IdKind::time_ordered), orders);
    Progress progress(directory.location());
    ServiceProcess worker = start_worker_with(
        directory.location(),
        {"--webhook", "default=" + url_of(receiver), "--worker-count", std::to_string(at_once),
         "--webhook-max-in-flight", std::to_string(at_once)});
    const auto begin = SteadyClock::now();
    double memory = 0;
    while (progress.unfinished() > 0) {
        memory = std::max(memory, worker.resident_mebibytes());
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    const Seconds taken = SteadyClock::now() - begin;
    worker.stop();
    check_consistency(directory.location());
    check_processed_at_most_once(directory.location());

    const double rate = static_cast<double>(orders) / taken.count();
    report.add(Line{.row = "webhooks-5000",
                    .goal = "5,000 in flight, answered after 1 s: at least " + rate_text(rate_goal),
                    .measured = rate_text(rate),
                    .is_met = rate >= rate_goal});
    report.add(Line{.row = "",
                    .goal = "memory of order-worker at most 200 MiB",
                    .measured = number_text(memory, 1) + " MiB",
                    .is_met = memory <= memory_goal});
}

void measure_webhooks_dead(const Settings& settings, Report& report) {
    const int orders = settings.pick(2'000, 50);
    ServiceProcess healthy = start_receiver(0);
    ServiceProcess dead = start_receiver(never);
    std::vector<double> ratios;
    std::vector<Figures> alone;
    std::vector<Figures> beside;
    for (int round = 0; round < settings.rounds(); ++round) {
        alone.push_back(time_healthy_kind(orders, url_of(healthy), url_of(healthy), 0));
        beside.push_back(time_healthy_kind(orders, url_of(healthy), url_of(dead), 500));
        ratios.push_back(beside.back().p99 / alone.back().p99);
    }
    const double ratio = median(ratios);
    report.add(Line{.row = "webhooks-dead",
                    .goal = "p99 beside a dead endpoint at most 2.00 of that alone",
                    .measured = ratio_text(ratio),
                    .is_met = ratio <= 2,
                    .ours = text_of(median(beside)),
                    .reference = "alone: " + text_of(median(alone))});
}

}  // namespace orders::bench
