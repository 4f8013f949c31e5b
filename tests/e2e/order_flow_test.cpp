// The way of an order through both programs as they ship: taken in by order-api, processed by
// order-worker, in the promised order and exactly once.

#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/seed.h"
#include "tests/support/store_audit.h"

namespace orders::test {
namespace {

using nlohmann::json;

std::vector<json> numbered_orders(int count, const std::string& prefix = "order-") {
    std::vector<json> orders;
    for (int i = 1; i <= count; ++i) {
        orders.push_back(order_json(prefix + std::to_string(i), i % 3 == 0 ? "High" : "Normal"));
    }
    return orders;
}

// Waits until all of these have ended, and returns their ids in the order in which they started.
std::vector<std::string> ids_by_start(OrderProcesses& processes,
                                      const std::vector<std::string>& ids) {
    std::vector<std::pair<std::string, std::string>> starts;
    for (const std::string& id : ids) {
        const json order = processes.finished_order(id);
        starts.emplace_back(order["started_at"].get<std::string>(), id);
    }
    std::stable_sort(starts.begin(), starts.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<std::string> sorted;
    for (const auto& [start, id] : starts) sorted.push_back(id);
    return sorted;
}

// RFC 3339 with milliseconds, as the API writes it, to milliseconds within the day.
int milliseconds_of_day(const std::string& time) {
    const auto number = [&](std::size_t at, std::size_t length) {
        return std::stoi(time.substr(at, length));
    };
    return ((number(11, 2) * 60 + number(14, 2)) * 60 + number(17, 2)) * 1000 + number(20, 3);
}

int milliseconds_between(const json& from, const json& to) {
    constexpr int day = 24 * 60 * 60 * 1000;
    return (milliseconds_of_day(to) - milliseconds_of_day(from) + day) % day;
}

}  // namespace

TEST_CASE("order_flow: an order is taken in as Pending and ends as Processed") {
    OrderProcesses processes;
    processes.start_api();
    const json created = processes.client().post("/api/v1/orders", order_json("1235")).json();
    CHECK_EQ(created["status"], "Pending");
    CHECK_EQ(created["attempts"], 0);
    for (const char* unset : {"started_at", "finished_at", "worker", "failure"}) {
        CHECK_MESSAGE(created.at(unset).is_null(), unset);
    }
    CHECK_EQ(as_listed(processes.order("1235")), created);

    ChildProcess& worker = processes.start_worker();
    const json ended = processes.finished_order("1235");
    CHECK_EQ(ended["status"], "Processed");
    CHECK_EQ(ended["attempts"], 1);
    CHECK_EQ(ended["created_at"], created["created_at"]);
    CHECK_EQ(ended["failure"], nullptr);
    CHECK_EQ(ended["worker"], worker_name(worker));
    CHECK_GE(milliseconds_between(ended["started_at"], ended["finished_at"]), 10);
}

TEST_CASE("order_flow: an order that takes longer than the timeout is Failed at the deadline") {
    OrderProcesses processes;
    processes.set("SERVICE_TIME_UNIT_MS", "60000");
    processes.start_api();
    processes.start_worker({"--order-process-timeout", "1"});
    processes.submit(order_json("too-long"));
    const json ended = processes.finished_order("too-long");
    CHECK_EQ(ended["status"], "Failed");
    CHECK_EQ(ended["failure"], "timeout");
    CHECK_EQ(ended["attempts"], 1);
    // It would have taken a minute; it was not noticed afterwards, but stopped.
    const int lasted = milliseconds_between(ended["started_at"], ended["finished_at"]);
    CHECK_GE(lasted, 1'000);
    CHECK_LT(lasted, 20'000);
}

TEST_CASE("order_flow: an order that is done just before the timeout is Processed") {
    OrderProcesses processes;
    processes.set("SERVICE_TIME_UNIT_MS", "100");
    processes.start_api();
    processes.start_worker({"--order-process-timeout", "30"});
    processes.submit(order_json("in-time", "Normal", 5));
    CHECK_EQ(processes.finished_order("in-time")["status"], "Processed");
}

TEST_CASE("order_flow: High orders go before Normal ones, first come first served within each") {
    OrderProcesses processes;
    processes.start_api();
    for (const char* id : {"n1", "n2", "h1", "n3", "h2", "h3", "n4"}) {
        processes.submit(order_json(id, id[0] == 'h' ? "High" : "Normal"));
    }
    processes.start_worker({"--worker-count", "1"});
    CHECK_EQ(ids_by_start(processes, {"n1", "n2", "n3", "n4", "h1", "h2", "h3"}),
             std::vector<std::string>{"h1", "h2", "h3", "n1", "n2", "n3", "n4"});
}

TEST_CASE("order_flow: a High order overtakes the Normal orders that wait while a worker is busy") {
    OrderProcesses processes;
    processes.set("SERVICE_TIME_UNIT_MS", "100");
    processes.start_api();
    processes.start_worker({"--worker-count", "1"});
    processes.submit(order_json("running", "Normal", 15));
    eventually(patience, [&] { return processes.order("running")["status"] != "Pending"; });
    processes.submit(order_json("normal"));
    processes.submit(order_json("high", "High"));
    CHECK_EQ(ids_by_start(processes, {"normal", "high", "running"}),
             std::vector<std::string>{"running", "high", "normal"});
}

TEST_CASE("order_flow: a batch of a thousand orders is taken at once and all are processed") {
    OrderProcesses processes;
    processes.set("SERVICE_TIME_UNIT_MS", "0");
    processes.start_api();
    processes.start_worker();
    const std::vector<json> orders = numbered_orders(1'000);
    const HttpAnswer answer = processes.client().post("/api/v1/orders/batch", {{"orders", orders}});
    REQUIRE_MESSAGE(answer.status == 200, answer.body);
    const json results = answer.json()["results"];
    REQUIRE_EQ(results.size(), 1'000);
    for (std::size_t i = 0; i < orders.size(); ++i) {
        REQUIRE_EQ(results[i]["order_id"], orders[i]["order_id"]);
        REQUIRE_EQ(results[i]["status"], "created");
    }
    const json counts = processes.counts_when_finished(1'000);
    CHECK_EQ(counts["Processed"], 1'000);
}

TEST_CASE("order_flow: workers share the orders, and each order is processed once") {
    OrderProcesses processes;
    processes.start_api();
    std::set<std::string> names;
    for (int i = 0; i < 3; ++i) {
        ChildProcess& worker = processes.start_worker({"--worker-count", "2"});
        names.insert(worker_name(worker));
    }
    CHECK_EQ(names.size(), 3);
    processes.submit_all(numbered_orders(300));
    processes.counts_when_finished(300);
    std::map<std::string, int> orders_by_worker;
    const json page = processes.client().get("/api/v1/orders?limit=1000").json();
    for (const json& order : page["orders"]) ++orders_by_worker[order["worker"]];
    CHECK_EQ(orders_by_worker.size(), 3);
    processes.stop_all();

    std::set<std::string> ids;
    for (const auto& [id, order] : stored_orders(processes.database())) {
        CHECK_EQ(order.status, 2);
        CHECK_EQ(order.attempts, 1);
        ids.insert(id);
    }
    CHECK_EQ(ids.size(), 300);
    check_every_order_ended(processes.database(), ids);
}

TEST_CASE("order_flow: the report counts every order once and names the live workers") {
    OrderProcesses processes;
    processes.set("SERVICE_TIME_UNIT_MS", "1000");
    processes.start_api();
    processes.submit_all(numbered_orders(30));
    HttpClient http = processes.client();
    const json before = http.get("/api/v1/report").json();
    CHECK_EQ(
        before["counts"],
        json{
            {"Pending", 30}, {"Processing", 0}, {"Processed", 0}, {"Failed", 0}, {"Cancelled", 0}});
    CHECK_EQ(before["by_priority"]["High"]["Pending"], 10);
    CHECK_EQ(before["by_priority"]["Normal"]["Pending"], 20);
    CHECK_GE(before["oldest_pending_seconds"].get<double>(), 0);
    CHECK(before["workers"].empty());

    ChildProcess& worker = processes.start_worker({"--worker-count", "7"});
    const json during = eventually(
        patience, [&] { return http.get("/api/v1/report").json(); },
        [](const json& seen) { return seen["counts"]["Processed"] >= 7; });
    int total = 0;
    for (const auto& [status, count] : during["counts"].items()) {
        CHECK_EQ(count.get<int>(), during["by_priority"]["High"][status].get<int>() +
                                       during["by_priority"]["Normal"][status].get<int>());
        total += count.get<int>();
    }
    CHECK_EQ(total, 30);
    REQUIRE_EQ(during["workers"].size(), 1);
    CHECK_EQ(during["workers"][0]["worker"], worker_name(worker));
    CHECK_EQ(during["workers"][0]["threads"], 7);
    CHECK_EQ(during["workers"][0]["processing"], during["counts"]["Processing"]);
    CHECK(during["workers"][0]["host"].is_string());
    CHECK(during["workers"][0]["started_at"].is_string());

    worker.signal(SIGTERM);
    CHECK_EQ(worker.wait_exit(patience), exited(0));
    CHECK(http.get("/api/v1/report").json()["workers"].empty());
}

TEST_CASE("order_flow: a worker reports how many orders are in which status") {
    OrderProcesses processes;
    processes.start_api();
    ChildProcess& worker = processes.start_worker({"--report-interval", "1"});
    const std::string first = worker.wait_for_line(" order status report ", patience);
    CHECK_EQ(log_field(first, "live_workers"), "1");
    processes.submit_all(numbered_orders(20));
    processes.counts_when_finished(20);
    const std::string line = worker.wait_for_line(" processed=20 ", patience);
    CHECK(line.find(" order status report ") != line.npos);
    CHECK_EQ(log_field(line, "pending"), "0");
    CHECK_EQ(log_field(line, "processing"), "0");
    CHECK_EQ(log_field(line, "failed"), "0");
    CHECK_EQ(log_field(line, "live_workers"), "1");
}

TEST_CASE("order_flow: either program may come first") {
    OrderProcesses processes;
    SUBCASE("the worker") {
        processes.start_worker();
        processes.start_api();
    }
    SUBCASE("the API") {
        processes.start_api();
        processes.start_worker();
    }
    SUBCASE("three workers and the API at the same time") {
        for (int i = 0; i < 3; ++i) processes.launch(worker_program(), {});
        processes.start_api();
    }
    processes.submit(order_json("first"));
    CHECK_EQ(processes.finished_order("first")["status"], "Processed");
}

TEST_CASE("order_flow: a worker that has nothing to do is woken by new orders, again and again") {
    OrderProcesses processes;
    processes.start_worker();
    processes.start_api();
    for (int i = 0; i < 20; ++i) {
        const std::string id = "order-" + std::to_string(i);
        processes.submit(order_json(id));
        CHECK_EQ(processes.finished_order(id)["status"], "Processed");
    }
}

TEST_CASE("order_flow: orders outlive both programs") {
    OrderProcesses processes;
    processes.start_api();
    processes.start_worker();
    processes.submit(order_json("done"));
    const json done = processes.finished_order("done");
    processes.stop_all();

    processes.start_api();
    processes.submit(order_json("waiting", "High", 3));
    const json waiting = processes.order("waiting");
    processes.stop_all();

    processes.start_api();
    CHECK_EQ(processes.order("done"), done);
    CHECK_EQ(processes.order("waiting"), waiting);
    CHECK_EQ(processes.client().post("/api/v1/orders", order_json("done")).status, 409);
    processes.start_worker();
    CHECK_EQ(processes.finished_order("waiting")["status"], "Processed");
    CHECK_EQ(processes.counts()["Processed"], 2);
    processes.stop_all();
    check_every_order_ended(processes.database(), {"done", "waiting"});
}

TEST_CASE("order_flow: random orders as a script sends them get 200 if the id is new, else 409") {
    OrderProcesses processes;
    processes.start_api();
    processes.start_worker();
    std::mt19937 random = seeded_random();
    std::set<std::string> acknowledged;
    for (int i = 0; i < 100; ++i) {
        const bool repeats = !acknowledged.empty() && any_of(random, 1, 10) == 1;
        const std::string id =
            repeats ? *acknowledged.begin() : std::to_string(any_of(random, 1'000, 9'999));
        const std::string priority = any_of(random, 0, 1) == 0 ? "High" : "Normal";
        // A connection each, and JSON with spaces, as Python's requests and json.dumps() send it.
        const HttpAnswer answer = processes.client().post(
            "/api/v1/orders",
            "{\"order_id\": \"" + id + "\", \"priority\": \"" + priority +
                "\", \"processing_time\": " + std::to_string(any_of(random, 1, 10)) + "}");
        CHECK_EQ(answer.status, acknowledged.insert(id).second ? 200 : 409);
    }
    processes.counts_when_finished(static_cast<int>(acknowledged.size()));
    processes.stop_all();
    check_every_order_ended(processes.database(), acknowledged);
}

}  // namespace orders::test
