// What clients and operators do to orders that stand, and to kinds, while both programs are at
// work.

#include <doctest/doctest.h>
#include <signal.h>

#include <future>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"

namespace orders::test {
namespace {

using nlohmann::json;

HttpAnswer post(OrderProcesses& processes, const std::string& target) {
    return processes.client().send({"POST", target});
}

HttpAnswer act(OrderProcesses& processes, const std::string& id, const std::string& action) {
    return post(processes, "/api/v1/orders/" + id + "/" + action);
}

void wait_until_in_work(OrderProcesses& processes, const std::string& id) {
    eventually(patience, [&] { return processes.order(id)["status"] == "Processing"; });
}

}  // namespace

TEST_CASE("order_actions: a Pending order that is cancelled is never begun") {
    OrderProcesses processes;
    processes.start_api();
    processes.submit(order_json("a"));
    const HttpAnswer answer = act(processes, "a", "cancel");
    REQUIRE_EQ(answer.status, 200);
    CHECK_EQ(answer.json()["status"], "Cancelled");
    CHECK_EQ(answer.json()["failure"], nullptr);
    processes.start_worker();
    processes.submit(order_json("b"));
    (void)processes.finished_order("b");
    CHECK_EQ(processes.order("a")["attempts"], 0);
    CHECK_EQ(act(processes, "a", "cancel").status, 409);
    CHECK_EQ(act(processes, "none", "cancel").status, 404);
}

TEST_CASE("order_actions: the worker stops an order that is cancelled, and takes the next") {
    OrderProcesses processes;
    processes.set("SERVICE_TIME_UNIT_MS", "60000");
    processes.start_api();
    ChildProcess& worker =
        processes.start_worker({"--worker-count", "1", "--order-process-timeout", "3600"});
    processes.submit(order_json("a"));
    wait_until_in_work(processes, "a");
    processes.submit(order_json("b"));
    CHECK_EQ(act(processes, "a", "cancel").status, 200);
    wait_until_in_work(processes, "b");
    const json order = processes.order("a");
    CHECK_EQ(order["status"], "Cancelled");
    CHECK_EQ(order["worker"], worker_name(worker));
    CHECK_EQ(processes.counts()["Cancelled"], 1);
}

TEST_CASE("order_actions: a Failed order that is retried begins a new round") {
    OrderProcesses processes;
    processes.start_api();
    ChildProcess& worker = processes.start_worker();
    json order = order_json("a");
    order["payload"] = {{"simulate", {{"outcome", "fail"}, {"reason", "no"}}}};
    processes.submit(order);
    CHECK_EQ(processes.finished_order("a")["failure"], "no");
    worker.signal(SIGTERM);
    CHECK_EQ(worker.wait_exit(patience), exited(0));
    const HttpAnswer retried = act(processes, "a", "retry");
    REQUIRE_EQ(retried.status, 200);
    CHECK_EQ(retried.json()["status"], "Pending");
    CHECK_EQ(retried.json()["attempts"], 0);
    CHECK_EQ(retried.json()["failure"], nullptr);
    CHECK_EQ(act(processes, "a", "retry").status, 409);
    CHECK_EQ(processes.order("a")["attempt_history"][0]["outcome"], "failed");
    processes.start_worker();
    const json ended = processes.finished_order("a");
    CHECK_EQ(ended["status"], "Failed");
    CHECK_EQ(ended["attempts"], 1);
}

TEST_CASE("order_actions: cancelling by a filter ends what fits, and nothing else") {
    OrderProcesses processes;
    processes.start_api();
    std::vector<json> orders;
    for (int i = 0; i < 2'500; ++i) {
        json order = order_json("o" + std::to_string(i));
        order["kind"] = i % 2 == 0 ? "mail" : "print";
        orders.push_back(order);
    }
    processes.submit_all(orders);
    const json filter{{"kind", "mail"}};
    json dry = filter;
    dry["dry_run"] = true;
    const HttpAnswer counted = processes.client().post("/api/v1/orders/cancel", dry);
    CHECK_EQ(counted.json(), json{{"matching", 1'250}, {"more", false}});
    const HttpAnswer cancelled = processes.client().post("/api/v1/orders/cancel", filter);
    CHECK_EQ(cancelled.json(), json{{"cancelled", 1'250}, {"more", false}});
    CHECK_EQ(processes.counts()["Cancelled"], 1'250);
    CHECK_EQ(processes.counts()["Pending"], 1'250);
    CHECK_EQ(processes.client().post("/api/v1/orders/cancel", json::object()).status, 400);
}

TEST_CASE("order_actions: an order that is expedited goes before what was before it") {
    OrderProcesses processes;
    processes.start_api();
    processes.submit(order_json("first"));
    processes.submit(order_json("second"));
    const HttpAnswer changed =
        processes.client().send({"PATCH",
                                 "/api/v1/orders/second",
                                 {{"Content-Type", "application/merge-patch+json"}},
                                 R"({"priority":"High"})"});
    REQUIRE_EQ(changed.status, 200);
    CHECK_EQ(changed.json()["priority"], "High");
    processes.start_worker({"--worker-count", "1"});
    const json first = processes.finished_order("first");
    CHECK_LT(processes.finished_order("second")["started_at"], first["started_at"]);
}

TEST_CASE("order_actions: a paused kind takes orders and begins none, also after a restart") {
    OrderProcesses processes;
    ChildProcess& api = processes.start_api();
    CHECK_EQ(post(processes, "/api/v1/kinds/mail/pause").status, 200);
    api.signal(SIGTERM);
    CHECK_EQ(api.wait_exit(patience), exited(0));
    processes.start_api();
    processes.start_worker();
    json paused = order_json("paused", "High");
    paused["kind"] = "mail";
    processes.submit(paused);
    processes.submit(order_json("other"));
    CHECK_EQ(processes.finished_order("other")["status"], "Processed");
    CHECK_EQ(processes.order("paused")["status"], "Pending");
    CHECK_EQ(post(processes, "/api/v1/kinds/mail/resume").status, 200);
    CHECK_EQ(processes.finished_order("paused")["status"], "Processed");
}

TEST_CASE("order_actions: who waits for an order's end is answered when it has ended") {
    OrderProcesses processes;
    processes.start_api();
    processes.submit(order_json("a", "Normal", 30));
    json answer;
    {
        const std::jthread waiter(
            [&] { answer = processes.client().get("/api/v1/orders/a?wait_seconds=50").json(); });
        processes.start_worker();
    }
    CHECK_EQ(answer["status"], "Processed");
    CHECK_EQ(processes.client().get("/api/v1/orders/none?wait_seconds=50").status, 404);
}

TEST_CASE("order_actions: a create that is sent again with a key is answered with the order") {
    OrderProcesses processes;
    processes.start_api();
    const auto create = [&](const json& order) {
        return processes.client().send(
            {"POST",
             "/api/v1/orders",
             {{"Content-Type", "application/json"}, {"Idempotency-Key", "once"}},
             order.dump()});
    };
    CHECK_EQ(create(order_json("a")).status, 200);
    const HttpAnswer again = create(order_json("a"));
    CHECK_EQ(again.status, 200);
    CHECK_EQ(again.json()["duplicate"], true);
    CHECK_EQ(create(order_json("a", "High")).status, 422);
    processes.submit(order_json("b"));
    CHECK_EQ(create(order_json("b")).status, 409);
}

TEST_CASE("order_actions: of many equal creates at once one makes the order, and all get it") {
    constexpr int clients = 50;
    OrderProcesses processes;
    processes.start_api();
    std::vector<std::future<json>> answers;
    for (int number = 0; number < clients; ++number) {
        answers.push_back(std::async(std::launch::async, [&] {
            return processes.client()
                .send({"POST",
                       "/api/v1/orders",
                       {{"Content-Type", "application/json"}, {"Idempotency-Key", "once"}},
                       order_json("a").dump()})
                .json();
        }));
    }
    int makers = 0;
    for (auto& answer : answers) {
        const json order = answer.get();
        CHECK_EQ(order["order_id"], "a");
        makers += order.contains("duplicate") ? 0 : 1;
    }
    CHECK_EQ(makers, 1);
    CHECK_EQ(processes.counts()["Pending"], 1);
}

}  // namespace orders::test
