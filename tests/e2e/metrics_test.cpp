// GET /metrics of the programs as they ship: what is in it, whom it answers, and that nothing that
// clients send becomes a label.

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>

#include "shared/metrics/catalogue.h"
#include "tests/support/check_problem.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/scrape.h"

namespace orders::test {
namespace {

const std::string orders_path = "/api/v1/orders";
const std::string token = "metrics-token-0123456789";

Scrape scrape(OrderProcesses& processes) {
    const HttpAnswer answer = processes.client().get("/metrics");
    CHECK_EQ(answer.status, 200);
    return Scrape(answer.body);
}

std::string current(const std::string& priority, const std::string& status) {
    return "orders_current{kind=\"default\",priority=\"" + priority + "\",status=\"" + status +
           "\"}";
}

// What a file has and a server does not show, or only a worker that calls webhooks.
bool is_everywhere(const Metric& metric) {
    return &metric != &metric::wal_bytes && &metric != &metric::disk_free_bytes &&
           !metric.name.starts_with("orders_webhook_");
}

}  // namespace

TEST_CASE("metrics: a scrape has each metric there is, in the format that it says") {
    OrderProcesses processes;
    processes.start_api();
    const HttpAnswer answer = processes.client().get("/metrics");
    CHECK_EQ(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    CHECK(answer.body.ends_with('\n'));
    const Scrape first(answer.body);
    for (const Metric* const metric : all_metrics) {
        if (!is_everywhere(*metric)) continue;
        const std::string name(metric->name);
        CHECK_MESSAGE(first.families().contains(name), name);
    }
    CHECK_EQ(first[current("High", "Pending")], 0);
    CHECK_EQ(first["orders_store_writable"], 1);
    CHECK_EQ(first["orders_refused_total{reason=\"duplicate\"}"], 0);
    CHECK_GT(first["process_start_time_seconds"], 1.7e9);
    CHECK_GT(first["process_resident_memory_bytes"], 1e6);
    CHECK_GT(first["process_open_fds"], 5);
    CHECK_GT(first["process_threads"], 8);
}

TEST_CASE("metrics: they show where orders stand, how long they wait, and who is there") {
    OrderProcesses processes;
    processes.start_api();
    processes.submit(order_json("a", "High"));
    processes.submit(order_json("b"));
    nlohmann::json later = order_json("later");
    later["delay_seconds"] = 3'600;
    processes.submit(later);
    const Scrape waiting = scrape(processes);
    CHECK_EQ(waiting[current("High", "Pending")], 1);
    CHECK_EQ(waiting[current("Normal", "Pending")], 2);
    CHECK_EQ(waiting["orders_scheduled{kind=\"default\",priority=\"Normal\"}"], 1);
    CHECK_GE(waiting["orders_oldest_pending_age_seconds{kind=\"default\",priority=\"High\"}"], 0);
    CHECK_EQ(waiting["orders_workers_live"], 0);
    CHECK_GT(waiting["orders_store_database_bytes"], 10'000);

    processes.start_worker({"--worker-count", "7"});
    processes.finished_order("a");
    processes.finished_order("b");
    const Scrape done = scrape(processes);
    CHECK_EQ(done[current("High", "Processed")], 1);
    CHECK_EQ(done[current("Normal", "Processed")], 1);
    CHECK_EQ(done["orders_oldest_pending_age_seconds{kind=\"default\",priority=\"High\"}"], 0);
    CHECK_EQ(done["orders_workers_live"], 1);
    CHECK_EQ(done["orders_worker_threads"], 7);
    CHECK_EQ(done["orders_leases_current"], 0);
}

TEST_CASE("metrics: requests count under their routes, whatever the path or method they name") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    const std::string route = "orders_http_requests_total{route=";
    (void)http.get(orders_path + "/no-such-order-4711");
    (void)http.get("/no/such/path-4711");
    (void)http.send({"BREW", "/coffee-4711"});
    (void)http.send({"PUT", orders_path, {}, "{}"});
    (void)http.send({"HEAD", "/livez"});
    const HttpAnswer answer = http.get("/metrics");
    CHECK_EQ(answer.body.find("4711"), std::string::npos);
    CHECK_EQ(answer.body.find("BREW"), std::string::npos);
    // The files of the page have other names in each version.
    CHECK_EQ(answer.body.find("/assets/"), std::string::npos);
    const Scrape counted(answer.body);
    CHECK_EQ(counted[route + "\"GET /api/v1/orders/{order_id}\",code=\"404\"}"], 1);
    CHECK_EQ(counted[route + "\"other\",code=\"404\"}"], 1);
    CHECK_EQ(counted[route + "\"other\",code=\"501\"}"], 1);
    CHECK_EQ(counted[route + "\"other\",code=\"405\"}"], 1);
    CHECK_EQ(counted[route + "\"GET /livez\",code=\"200\"}"], 1);
    CHECK_EQ(counted["orders_http_request_duration_seconds_count{route=\"GET /livez\"}"], 1);
    CHECK_EQ(counted["orders_http_in_flight_requests"], 1);
    CHECK_EQ(counted["orders_http_connections{state=\"answering\"}"], 1);
    CHECK_GT(counted["orders_http_received_bytes_total"], 100);
    CHECK_GT(counted["orders_http_sent_bytes_total"], 500);
    CHECK_EQ(http.get("/livez").status, 200);
}

TEST_CASE("metrics: what is turned away counts by why, and long polls have no duration") {
    OrderProcesses processes;
    processes.start_api();
    RawConnection malformed(processes.port());
    (void)malformed.send("GET / HTTP/1.1\r\n\r\n");
    CHECK_EQ(status_of(malformed.read_answer(patience)), 400);
    RawConnection large(processes.port());
    (void)large.send("GET /" + std::string(32 * 1024, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK_EQ(status_of(large.read_answer(patience)), 414);
    processes.submit(order_json("waits"));
    const std::string get = "GET /api/v1/orders/{order_id}\"}";
    CHECK_EQ(processes.client().get(orders_path + "/waits?wait_seconds=1").status, 200);
    const Scrape counted = scrape(processes);
    CHECK_EQ(counted["orders_http_refused_total{reason=\"framing\"}"], 1);
    CHECK_EQ(counted["orders_http_refused_total{reason=\"too_large\"}"], 1);
    CHECK_EQ(counted["orders_http_refused_total{reason=\"unauthorized\"}"], 0);
    CHECK_EQ(counted["orders_http_requests_total{route=\"" + get.substr(0, get.size() - 2) +
                     "\",code=\"200\"}"],
             1);
    CHECK_EQ(counted["orders_http_request_duration_seconds_count{route=\"" + get], 0);
}

TEST_CASE("metrics: orders that are refused count by why") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    processes.submit(order_json("a"));
    check_problem(http.post(orders_path, order_json("a")), 409, "order-exists");
    check_problem(http.post(orders_path, order_json("b", "Low")), 400, "invalid-order");
    const nlohmann::json batch{
        {"orders", {order_json("a"), order_json("c"), order_json("d", "Low")}}};
    CHECK_EQ(http.post(orders_path + "/batch", batch).status, 200);
    const Scrape counted = scrape(processes);
    CHECK_EQ(counted["orders_refused_total{reason=\"duplicate\"}"], 2);
    CHECK_EQ(counted["orders_refused_total{reason=\"invalid\"}"], 2);
    CHECK_EQ(counted["orders_refused_total{reason=\"queue_full\"}"], 0);
}

TEST_CASE("metrics: totals outlast the programs, and the orders") {
    OrderProcesses processes;
    ChildProcess& api = processes.start_api({"--keep-processed-seconds", "1"});
    ChildProcess& worker = processes.start_worker();
    for (const std::string id : {"a", "b", "last"}) {
        processes.submit(order_json(id, "High"));
        processes.finished_order(id);
    }
    const std::string created = "orders_created_total{kind=\"default\",priority=\"High\"}";
    const std::string finished =
        "orders_finished_total{kind=\"default\",priority=\"High\",status=\"Processed\"}";
    // A file keeps the last one.
    const double deleted = eventually(
        patience, [&] { return scrape(processes)["orders_deleted_total"]; },
        [](double orders) { return orders >= 2; });
    Scrape now = scrape(processes);
    CHECK_EQ(now[created], 3);
    CHECK_EQ(now[finished], 3);
    CHECK_EQ(now["orders_attempts_total{kind=\"default\",outcome=\"processed\"}"], 3);
    worker.signal(SIGTERM);
    CHECK_EQ(worker.wait_exit(patience), exited(0));
    api.signal(SIGTERM);
    CHECK_EQ(api.wait_exit(patience), exited(0));
    processes.start_api();
    now = scrape(processes);
    CHECK_EQ(now[created], 3);
    CHECK_EQ(now[finished], 3);
    CHECK_GE(now["orders_deleted_total"], deleted);
    CHECK_EQ(now["orders_queue_wait_seconds_count{priority=\"High\"}"], 3);
    CHECK_EQ(now["orders_processing_seconds_count{kind=\"default\"}"], 3);
    CHECK_GT(now["orders_store_commit_seconds_count{role=\"dispatcher\"}"], 3);
    CHECK_GE(now["orders_store_group_orders_sum{role=\"dispatcher\"}"], 6);
}

TEST_CASE("metrics: what workers measure, theirs over HTTP among them, comes from each API") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient first = processes.client();
    processes.start_api();
    processes.start_worker({"--lease-seconds", "1", "--simulate", "default"});
    processes.submit(order_json("a"));
    nlohmann::json pulled = order_json("b");
    pulled["kind"] = "mail";
    processes.submit(pulled);
    const auto claim = first.post("/api/v1/claims", {{"worker", "w"}, {"kinds", {"mail"}}}).json();
    const std::string lease = "/api/v1/leases/" + claim["orders"][0]["lease"].get<std::string>();
    CHECK_EQ(first.post(lease + "/complete", {{"result", 1}}).status, 200);
    check_problem(first.post(lease + "/fail", {{"reason", "late"}}), 409, "lease-lost");
    processes.finished_order("a");
    HttpClient second = processes.client();
    for (HttpClient* const api : {&first, &second}) {
        eventually(patience, [&] {
            const Scrape now(api->get("/metrics").body);
            return now["orders_queue_wait_seconds_count{priority=\"Normal\"}"] == 2 &&
                   now["orders_processing_seconds_count{kind=\"default\"}"] == 1 &&
                   now["orders_processing_seconds_count{kind=\"mail\"}"] == 1 &&
                   now["orders_late_results_refused_total"] == 1;
        });
        // They are sums: nothing of this API is added to them that was told to the store.
        CHECK_EQ(Scrape(api->get("/metrics").body)["orders_late_results_refused_total"], 1);
    }
}

TEST_CASE("metrics: no total falls while one of two APIs is killed and comes back") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient first = processes.client();
    ChildProcess& other = processes.start_api();
    HttpClient second = processes.client();
    processes.start_worker({"--lease-seconds", "1"});
    std::map<std::string, double> totals{
        {"orders_created_total{kind=\"default\",priority=\"Normal\"}", 0},
        {"orders_finished_total{kind=\"default\",priority=\"Normal\",status=\"Processed\"}", 0},
        {"orders_attempts_total{kind=\"default\",outcome=\"processed\"}", 0},
        {"orders_queue_wait_seconds_count{priority=\"Normal\"}", 0}};
    const auto check_none_fell = [&](HttpClient& api) {
        Scrape now(api.get("/metrics").body);
        for (auto& total : totals) {
            CAPTURE(total.first);
            CHECK_GE(now[total.first], total.second);
            total.second = now[total.first];
        }
    };
    const auto have_all_reached = [&](int orders) {
        check_none_fell(first);
        return std::ranges::all_of(totals, [=](auto& total) { return total.second == orders; });
    };
    processes.submit(order_json("a"));
    processes.finished_order("a");
    eventually(patience, [&] { return have_all_reached(1); });
    check_none_fell(second);
    other.signal(SIGKILL);
    CHECK_EQ(other.wait_exit(patience), killed_by(SIGKILL));
    check_none_fell(first);
    processes.start_api();
    HttpClient third = processes.client();
    check_none_fell(third);
    check_none_fell(first);
    processes.submit(order_json("b"));
    processes.finished_order("b");
    eventually(patience, [&] { return have_all_reached(2); });
    check_none_fell(third);
}

TEST_CASE("metrics: they need a token as all else does, unless they were opened") {
    OrderProcesses processes;
    processes.set("API_TOKENS", token);
    processes.start_api();
    check_problem(processes.client().get("/metrics"), 401, "unauthorized");
    const HttpAnswer answer =
        processes.client().send({"GET", "/metrics", {{"Authorization", "Bearer " + token}}});
    CHECK_EQ(answer.status, 200);
    CHECK_EQ(Scrape(answer.body)["orders_http_refused_total{reason=\"unauthorized\"}"], 1);

    processes.start_api({"--metrics-open", "on"});
    CHECK_EQ(processes.client().get("/metrics").status, 200);
    check_problem(processes.client().get("/api/v1/report"), 401, "unauthorized");
}

}  // namespace orders::test
