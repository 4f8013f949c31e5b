// Workers that claim over HTTP: how many orders they get done, how soon one that waits gets its
// order, and what waiting costs.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/delivery_audit.h"
#include "tests/bench/drain.h"
#include "tests/bench/rows.h"
#include "tests/bench/service_process.h"
#include "tests/bench/turns.h"
#include "tests/support/http_client.h"

namespace orders::bench {
namespace {

const std::string claims = "/api/v1/claims";

std::string claim_body(int worker, const std::string& more) {
    return R"({"worker":"w)" + std::to_string(worker) + '"' + more + "}";
}

std::string answer_to(test::HttpClient& client, const std::string& path, const std::string& body) {
    auto answer = client.post(path, body);
    if (answer.status != 200) throw BenchFailure(path + " failed: " + answer.body);
    return std::move(answer.body);
}

// Found without reading the JSON: the clients take their time from the programs.
std::vector<std::string> leases_in(const std::string& answer) {
    static const std::string key = R"("lease":")";
    std::vector<std::string> leases;
    for (std::size_t at = answer.find(key); at != answer.npos; at = answer.find(key, at)) {
        at += key.size();
        leases.push_back(answer.substr(at, answer.find('"', at) - at));
    }
    return leases;
}

// Each thread has a client of its own; the first failure of any is thrown.
void run_clients(int count, int port, const std::function<void(int, test::HttpClient&)>& work) {
    std::atomic<bool> has_failed = false;
    {
        std::vector<std::jthread> threads;
        for (int number = 0; number < count; ++number) {
            threads.emplace_back([&, number] {
                try {
                    test::HttpClient client(port);
                    work(number, client);
                } catch (const std::exception& error) {
                    if (!has_failed.exchange(true)) say(error.what());
                }
            });
        }
    }
    if (has_failed) throw BenchFailure("a client has failed");
}

// Many workers, each of which claims and completes 64 at a time.
Figures pull_in_batches(std::int64_t orders) {
    constexpr int workers = 32;
    const StoreDirectory directory;
    submit_orders(directory.location(), new_id_run(IdKind::time_ordered), orders);
    ServiceProcess api = start_api(directory.location());
    const auto begin = SteadyClock::now();
    run_clients(workers, api.port(), [](int number, test::HttpClient& client) {
        const std::string claim = claim_body(number, R"(,"limit":64)");
        for (;;) {
            const auto leases = leases_in(answer_to(client, claims, claim));
            if (leases.empty()) return;
            std::string body = R"({"leases":[)";
            for (const std::string& lease : leases) {
                if (&lease != leases.data()) body += ',';
                body += R"({"lease":")" + lease + R"(","action":"complete"})";
            }
            (void)answer_to(client, "/api/v1/leases/batch", body + "]}");
        }
    });
    const Seconds taken = SteadyClock::now() - begin;
    api.stop();
    check_consistency(directory.location());
    check_processed_at_most_once(directory.location());
    if (Progress(directory.location()).unfinished() != 0) throw BenchFailure("orders are left");
    return {.rate = static_cast<double>(orders) / taken.count()};
}

// Requests per second of workers that claim and complete one at a time.
Figures pull_one_by_one(std::int64_t orders, int connections) {
    const StoreDirectory directory;
    submit_orders(directory.location(), new_id_run(IdKind::time_ordered), orders);
    ServiceProcess api = start_api(directory.location());
    const auto begin = SteadyClock::now();
    run_clients(connections, api.port(), [](int number, test::HttpClient& client) {
        const std::string claim = claim_body(number, "");
        for (;;) {
            const auto leases = leases_in(answer_to(client, claims, claim));
            if (leases.empty()) return;
            (void)answer_to(client, "/api/v1/leases/" + leases.front() + "/complete", "");
        }
    });
    const Seconds taken = SteadyClock::now() - begin;
    api.stop();
    check_consistency(directory.location());
    check_processed_at_most_once(directory.location());
    return {.rate = 2 * static_cast<double>(orders) / taken.count()};
}

// The same clients at the stock library's empty handler.
Figures stock_requests(std::int64_t requests, int connections) {
    ServiceProcess stock = start_reference_server(connections);
    const std::int64_t each = requests / connections;
    const auto begin = SteadyClock::now();
    run_clients(connections, stock.port(), [&](int number, test::HttpClient& client) {
        const std::string body = R"({"order_id":"w)" + std::to_string(number) + R"("})";
        for (std::int64_t sent = 0; sent < each; ++sent) {
            (void)answer_to(client, "/api/v1/orders", body);
        }
    });
    const Seconds taken = SteadyClock::now() - begin;
    return {.rate = static_cast<double>(each * connections) / taken.count()};
}

}  // namespace

void measure_pull_batches(const Settings& settings, Report& report) {
    const std::int64_t orders = settings.pick(60'000, 2'000);
    const Comparison comparison = take_turns(
        settings.rounds(), [&] { return pull_in_batches(orders); },
        [&] { return Figures{.rate = drain_new_store(orders).rate}; });
    report.add(ratio_line("pull-batches",
                          {.what = "orders", .at_least = 0.5, .whose = "order-worker's own"},
                          comparison.rate_ratio(), rate_text(median(comparison.ours).rate),
                          "order-worker: " + rate_text(median(comparison.reference).rate)));
}

void measure_pull_single(const Settings& settings, Report& report) {
    constexpr int connections = 64;
    const std::int64_t orders = settings.pick(20'000, 1'000);
    const Comparison comparison = take_turns(
        settings.rounds(), [&] { return pull_one_by_one(orders, connections); },
        [&] { return stock_requests(2 * orders, connections); });
    report.add(ratio_line("pull-single",
                          {.what = "requests", .at_least = 0.4, .whose = "the empty handler's"},
                          comparison.rate_ratio(), rate_text(median(comparison.ours).rate),
                          "empty handler: " + rate_text(median(comparison.reference).rate)));
}

void measure_pull_pickup(const Settings& settings, Report& report) {
    constexpr Microseconds p50_goal = std::chrono::microseconds(1'500);
    constexpr Microseconds p99_goal = std::chrono::milliseconds(6);
    constexpr std::chrono::milliseconds pause{10};
    const int orders = settings.pick(500, 20);
    const StoreDirectory directory;
    ServiceProcess api = start_api(directory.location());
    test::HttpClient creator(api.port());
    OrderIds ids(new_id_run(IdKind::time_ordered));
    Latencies latencies;
    Latencies creates;
    for (int number = 0; number < orders; ++number) {
        SteadyClock::time_point answered;
        std::string answer;
        std::jthread worker([&] {
            test::HttpClient client(api.port());
            answer = answer_to(client, claims, claim_body(0, R"(,"wait_seconds":30)"));
            answered = SteadyClock::now();
        });
        std::this_thread::sleep_for(pause);  // so that it waits, and nothing else is going on
        const auto sent = SteadyClock::now();
        (void)answer_to(creator, "/api/v1/orders",
                        R"({"order_id":")" + ids.next() + R"(","priority":"High"})");
        const auto created = SteadyClock::now();
        worker.join();
        if (leases_in(answer).size() != 1) throw BenchFailure("a worker got no order");
        if (number == 0) continue;
        latencies.add(answered - sent);
        creates.add(created - sent);
    }
    api.stop();
    check_consistency(directory.location());
    const Figures times = latencies.figures();
    const Figures own = creates.figures();
    report.add(Line{
        .row = "pull-pickup",
        .goal = "create sent to claim answered: p50 at most 1.5 ms, p99 at most 6 ms",
        .measured =
            time_text(times.p50) + ", " + time_text(times.p99) + ", max " + time_text(times.max),
        .is_met = times.p50 <= p50_goal && times.p99 <= p99_goal,
        .reference = "the create's own answer: " + time_text(own.p50) + ", " + time_text(own.p99)});
}

void measure_pull_waiting(const Settings& settings, Report& report) {
    constexpr double cpu_goal = 0.5;
    const int workers = settings.pick(1'000, 20);
    const StoreDirectory directory;
    ServiceProcess api = start_api(directory.location());
    std::vector<test::RawConnection> connections;
    for (int number = 0; number < workers; ++number) {
        test::RawConnection& connection = connections.emplace_back(api.port());
        const test::HttpCall call{.method = "POST",
                                  .target = claims,
                                  .headers = {{"Content-Type", "application/json"}},
                                  .body = claim_body(number, R"(,"wait_seconds":30)")};
        if (!connection.send(test::to_bytes(call))) throw BenchFailure("a claim was not taken");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(settings.pick(3'000, 200)));
    const auto begin = SteadyClock::now();
    const Seconds cpu_before = api.cpu_time();
    std::this_thread::sleep_for(std::chrono::seconds(settings.pick(20, 1)));
    const double percent =
        100 * ((api.cpu_time() - cpu_before) / Seconds(SteadyClock::now() - begin));
    const double memory = api.resident_mebibytes();
    connections.clear();
    api.stop();
    report.add(Line{.row = "pull-waiting",
                    .goal = "1,000 workers that wait: at most 0.5 % of a core",
                    .measured = number_text(percent, 2) + " %",
                    .is_met = percent <= cpu_goal,
                    .ours = number_text(memory, 1) + " MiB"});
}

}  // namespace orders::bench
