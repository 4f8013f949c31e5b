// What clients do with orders beyond creating them, through the program itself: waiting,
// cancelling, retrying, changing, pausing, sending again.

#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <set>
#include <string>
#include <vector>

#include "tests/support/check_problem.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/store_audit.h"
#include "tests/support/store_home.h"

namespace orders::test {
namespace {

using nlohmann::json;

const std::string orders_path = "/api/v1/orders";

json order_with(const std::string& id, const json& more) {
    json order = order_json(id);
    order.update(more);
    return order;
}

HttpAnswer post(HttpClient& http, const std::string& path) {
    return http.send({"POST", path});
}

HttpAnswer patch(HttpClient& http, const std::string& id, const json& change) {
    return http.send({"PATCH",
                      orders_path + "/" + id,
                      {{"Content-Type", "application/merge-patch+json"}},
                      change.dump()});
}

}  // namespace

TEST_CASE("http_actions: a payload comes back byte for byte, in a batch larger than a create too") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    const std::string payload = R"({ "n":1e400,"z":[1.0 ,-0e-0],"a":"\u0000\ud83d\ude00","a":")" +
                                std::string(60'000, 'x') + "\"}";
    std::string orders;
    for (int number = 0; number < 40; ++number) {
        orders += (number == 0 ? "" : ",");
        orders += R"({"order_id":"o-)" + std::to_string(number) +
                  R"(","priority":"High","payload":)" + payload + "}";
    }
    const std::string batch = R"({"orders":[)" + orders + "]}";
    REQUIRE(batch.size() > 2 * 1024 * 1024);
    const HttpAnswer answer = http.post(orders_path + "/batch", batch);
    CHECK_EQ(answer.status, 200);
    for (int number = 0; number < 40; ++number) {
        const HttpAnswer order = http.get(orders_path + "/o-" + std::to_string(number));
        CHECK_NE(order.body.find("\"payload\":" + payload + ",\"result\""), std::string::npos);
    }
    // The other routes keep their limit.
    check_problem(http.post(orders_path, std::string(1024 * 1024 + 1, ' ')), 413, "body-too-large");
}

TEST_CASE("http_actions: whoever waits for an order is answered when a worker has done it") {
    OrderProcesses processes;
    processes.set("SERVICE_TIME_UNIT_MS", "300");
    processes.start_api();
    processes.start_worker();
    HttpClient http = processes.client();
    processes.submit(order_json("a"));
    const json order = http.get(orders_path + "/a?wait_seconds=50").json();
    CHECK_EQ(order["status"], "Processed");
}

TEST_CASE("http_actions: whoever waits for an order is answered when the API stops") {
    OrderProcesses processes;
    processes.start_api();
    processes.submit(order_with("later", {{"delay_seconds", 3600}}));
    auto waiting = std::async(std::launch::async, [&] {
        return processes.client().get(orders_path + "/later?wait_seconds=50").json();
    });
    eventually(patience,
               [&] { return stored_value(processes.database(), ends_awaited_sql) != "0"; });
    processes.stop_all();
    CHECK_EQ(waiting.get()["status"], "Pending");
}

TEST_CASE("http_actions: an order is cancelled once and begins a new round when it is retried") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    processes.submit(order_with("a", {{"start_before", "2999-01-01T00:00:00Z"}}));
    const HttpAnswer cancelled = post(http, orders_path + "/a/cancel");
    CHECK_EQ(cancelled.status, 200);
    CHECK_EQ(cancelled.json()["status"], "Cancelled");
    CHECK_EQ(cancelled.json()["worker"], nullptr);
    check_problem(post(http, orders_path + "/a/cancel"), 409, "already-ended");
    check_problem(patch(http, "a", json::object()), 409, "already-ended");
    CHECK_EQ(processes.counts()["Cancelled"], 1);

    const HttpAnswer retried = post(http, orders_path + "/a/retry");
    CHECK_EQ(retried.status, 200);
    CHECK_EQ(retried.json()["status"], "Pending");
    check_problem(post(http, orders_path + "/a/retry"), 409, "not-ended");
    CHECK_EQ(http.get(orders_path + "/a").json()["start_before"], nullptr);

    processes.start_worker();
    CHECK_EQ(http.get(orders_path + "/a?wait_seconds=50").json()["status"], "Processed");
    check_problem(post(http, orders_path + "/a/retry"), 409, "already-processed");
    check_problem(post(http, orders_path + "/none/cancel"), 404, "order-not-found");
}

TEST_CASE("http_actions: of two retries at once one is done") {
    OrderProcesses processes;
    processes.start_api();
    for (int round = 0; round < 20; ++round) {
        const std::string path = orders_path + "/o-" + std::to_string(round);
        HttpClient http = processes.client();
        processes.submit(order_json("o-" + std::to_string(round)));
        CHECK_EQ(post(http, path + "/cancel").status, 200);
        auto other = std::async(std::launch::async, [&] {
            HttpClient client = processes.client();
            return post(client, path + "/retry").status;
        });
        const int one = post(http, path + "/retry").status;
        CHECK_EQ(std::multiset<int>{one, other.get()}, std::multiset<int>{200, 409});
    }
}

TEST_CASE("http_actions: a change makes an order wait, and makes it due again") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    processes.submit(order_json("a"));
    const json waiting = patch(http, "a", {{"delay_seconds", 3600}, {"priority", "High"}}).json();
    CHECK_EQ(waiting["waiting_for"], "time");
    CHECK_EQ(waiting["priority"], "High");
    CHECK_EQ(processes.client().get("/api/v1/report").json()["waiting_for_time"], 1);
    CHECK_EQ(patch(http, "a", {{"max_attempts", 3}}).json()["max_attempts"], 3);
    HttpAnswer refused = patch(http, "a", {{"start_before", "2000-01-01T00:00:00Z"}});
    check_problem(refused, 400, "invalid-change");
    CHECK_EQ(fields_at_fault(refused.json()), std::set<std::string>{"start_before"});
    const json due = patch(http, "a", {{"delay_seconds", nullptr}}).json();
    CHECK_EQ(due["waiting_for"], nullptr);
    processes.start_worker();
    CHECK_EQ(http.get(orders_path + "/a?wait_seconds=50").json()["status"], "Processed");
}

TEST_CASE("http_actions: a kind that is paused takes orders and starts none, over a restart too") {
    OrderProcesses processes;
    processes.start_api();
    {
        HttpClient http = processes.client();
        CHECK_EQ(post(http, "/api/v1/kinds/mail/pause").status, 200);
        processes.submit(order_with("m", {{"kind", "mail"}}));
        processes.submit(order_json("d"));
        processes.stop_all();
    }
    processes.start_api();
    processes.start_worker();
    HttpClient http = processes.client();
    CHECK_EQ(http.get(orders_path + "/d?wait_seconds=50").json()["status"], "Processed");
    CHECK_EQ(http.get(orders_path + "/m").json()["status"], "Pending");
    CHECK_EQ(http.get("/api/v1/report").json()["kinds"][1]["paused"], true);
    CHECK_EQ(post(http, "/api/v1/kinds/mail/resume").status, 200);
    CHECK_EQ(http.get(orders_path + "/m?wait_seconds=50").json()["status"], "Processed");
}

TEST_CASE("http_actions: many are cancelled while a worker takes them, and each has one end") {
    OrderProcesses processes;
    processes.start_api();
    std::vector<json> orders;
    for (int number = 0; number < 2'000; ++number) {
        orders.push_back(order_with("o-" + std::to_string(number), {{"kind", "mail"}}));
    }
    processes.submit_all(orders);
    processes.start_worker();
    const json told = processes.client()
                          .post(orders_path + "/cancel", json{{"kind", "mail"}, {"limit", 100000}})
                          .json();
    CHECK_EQ(told["more"], false);
    const json counts = eventually(
        patience, [&] { return processes.counts(); },
        [](const json& now) { return now["Pending"] == 0 && now["Processing"] == 0; });
    CHECK_EQ(counts["Cancelled"], told["cancelled"]);
    CHECK_EQ(counts["Cancelled"].get<int>() + counts["Processed"].get<int>(), 2'000);
}

TEST_CASE("http_actions: of a hundred equal creates with a key one creates") {
    OrderProcesses processes;
    processes.start_api();
    const auto send = [&](const json& order) {
        return processes.client().send(
            {"POST",
             orders_path,
             {{"Content-Type", "application/json"}, {"Idempotency-Key", "k"}},
             order.dump()});
    };
    std::vector<std::future<HttpAnswer>> answers;
    for (int number = 0; number < 100; ++number) {
        answers.push_back(std::async(std::launch::async, send, order_json("a")));
    }
    int created = 0;
    for (auto& answer : answers) {
        const HttpAnswer one = answer.get();
        CHECK_EQ(one.status, 200);
        created += one.json().contains("duplicate") ? 0 : 1;
    }
    CHECK_EQ(created, 1);
    check_problem(send(order_json("a", "High")), 422, "idempotency-mismatch");
    check_problem(processes.client().post(orders_path, order_json("a")), 409, "order-exists");
}

}  // namespace orders::test
