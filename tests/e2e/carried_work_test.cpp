// Orders that carry work, on their way through both programs: content and result, time, attempts.

#include <doctest/doctest.h>
#include <signal.h>

#include <string>

#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"

namespace orders::test {
namespace {

using nlohmann::json;

json with(const std::string& id, const json& more) {
    json order = order_json(id);
    order.update(more);
    return order;
}

json simulating(const std::string& id, const json& script) {
    return with(id, {{"payload", {{"simulate", script}}}, {"backoff_seconds", 1}});
}

}  // namespace

TEST_CASE("carried_work: a payload comes back byte for byte, and a result with it") {
    OrderProcesses processes;
    processes.start_api();
    const std::string payload =
        R"({ "b":1E+02, "a":[1.50,"\u00e9"],"simulate":{"result":{"id":7}}, "a":null })";
    const HttpAnswer created = processes.client().post(
        "/api/v1/orders", std::string(R"({"order_id":"a","priority":"High","payload":)") + payload +
                              R"(,"kind":"mail"})");
    REQUIRE_EQ(created.status, 200);
    processes.start_worker();
    const json ended = processes.finished_order("a");
    CHECK_EQ(ended["status"], "Processed");
    CHECK_EQ(ended["kind"], "mail");
    CHECK_EQ(ended["processing_time"], 1);
    CHECK_EQ(ended["result"], json{{"id", 7}});
    CHECK_NE(processes.client().get("/api/v1/orders/a").body.find(payload), std::string::npos);
}

TEST_CASE("carried_work: what is to be tried again is, and what became of each attempt is kept") {
    OrderProcesses processes;
    processes.start_api();
    ChildProcess& worker = processes.start_worker();
    processes.submit(simulating("a", {{"outcome", "retry"},
                                      {"times", 2},
                                      {"reason", "busy"},
                                      {"detail", "try later"},
                                      {"result", "done"}}));
    const json ended = processes.finished_order("a");
    CHECK_EQ(ended["status"], "Processed");
    CHECK_EQ(ended["attempts"], 3);
    CHECK_EQ(ended["result"], "done");
    const json& history = ended["attempt_history"];
    REQUIRE_EQ(history.size(), 2);
    for (const json& attempt : history) {
        CHECK_EQ(attempt["outcome"], "retry");
        CHECK_EQ(attempt["reason"], "busy");
        CHECK_EQ(attempt["worker"], worker_name(worker));
    }
}

TEST_CASE(
    "carried_work: after the last attempt an order is Failed for its processor's own reason") {
    OrderProcesses processes;
    processes.start_api();
    processes.start_worker();
    json order = simulating("a", {{"outcome", "retry"}, {"reason", "busy"}, {"detail", "no luck"}});
    order["max_attempts"] = 2;
    processes.submit(order);
    const json ended = processes.finished_order("a");
    CHECK_EQ(ended["status"], "Failed");
    CHECK_EQ(ended["failure"], "busy");
    CHECK_EQ(ended["failure_detail"], "no luck");
    CHECK_EQ(ended["attempts"], 2);
    CHECK_EQ(ended["attempt_history"].size(), 1);
}

TEST_CASE("carried_work: an order waits for its time, and begins when it has come") {
    OrderProcesses processes;
    processes.start_api();
    processes.start_worker();
    processes.submit(with("later", {{"delay_seconds", 1}}));
    const json waiting = processes.order("later");
    CHECK_EQ(waiting["status"], "Pending");
    CHECK_EQ(waiting["waiting_for"], "time");
    const json report = processes.client().get("/api/v1/report").json();
    CHECK_EQ(report["waiting_for_time"], 1);
    CHECK_EQ(report["next_due_at"], waiting["due_at"]);
    const json ended = processes.finished_order("later");
    CHECK_EQ(ended["waiting_for"], nullptr);
    CHECK_GE(ended["started_at"], waiting["due_at"]);
}

TEST_CASE("carried_work: an order that is due sooner is not held up by one that was there before") {
    OrderProcesses processes;
    processes.start_api();
    processes.start_worker();
    processes.submit(with("in-a-year", {{"delay_seconds", 31'536'000}}));
    processes.submit(with("at-the-end", {{"not_before", "9999-12-31T23:59:59Z"}}));
    processes.submit(with("soon", {{"delay_seconds", 1}}));
    CHECK_EQ(processes.finished_order("soon")["status"], "Processed");
    CHECK_EQ(processes.client().get("/api/v1/report").json()["waiting_for_time"], 2);
}

TEST_CASE("carried_work: an order has a time limit of its own") {
    OrderProcesses processes;
    processes.set("SERVICE_TIME_UNIT_MS", "60000");
    processes.start_api();
    processes.start_worker({"--order-process-timeout", "3600"});
    processes.submit(with("a", {{"timeout_seconds", 1}}));
    CHECK_EQ(processes.finished_order("a")["failure"], "timeout");
}

TEST_CASE("carried_work: the API alone keeps the house: expired orders end without a worker") {
    OrderProcesses processes;
    processes.start_api();
    processes.submit(with("late", {{"start_before", "2001-01-01T00:00:00Z"}}));
    const json ended = processes.finished_order("late");
    CHECK_EQ(ended["status"], "Failed");
    CHECK_EQ(ended["failure"], "expired");
    CHECK_EQ(ended["started_at"], nullptr);
    CHECK_EQ(ended["worker"], nullptr);
}

TEST_CASE("carried_work: the API alone keeps the house: a dead worker's order comes back") {
    OrderProcesses processes;
    processes.set("SERVICE_TIME_UNIT_MS", "60000");
    processes.set("SERVICE_LEASE_SECONDS", "2");
    processes.start_api();
    ChildProcess& worker = processes.start_worker();
    processes.submit(order_json("orphan"));
    eventually(patience, [&] { return processes.order("orphan")["status"] == "Processing"; });
    worker.kill();
    eventually(patience, [&] { return processes.order("orphan")["status"] == "Pending"; });
    const json order = processes.order("orphan");
    CHECK_EQ(order["attempts"], 1);
    CHECK_EQ(order["attempt_history"][0]["outcome"], "lease_expired");
}

TEST_CASE("carried_work: a Normal order that has waited for long gets its turn among High ones") {
    OrderProcesses processes;
    processes.start_api();
    processes.submit(order_json("normal"));
    for (int i = 0; i < 20; ++i) processes.submit(order_json("h" + std::to_string(i), "High"));
    const json normal = processes.order("normal");
    eventually(patience, [&] {  // until it has waited for more than a second
        const json report = processes.client().get("/api/v1/report").json();
        return report["oldest_pending_seconds_by_priority"]["Normal"].get<double>() > 1;
    });
    processes.start_worker({"--worker-count", "1", "--normal-max-wait", "1"});
    const json ended = processes.finished_order("normal");
    const json last = processes.finished_order("h19");
    CHECK_LT(ended["started_at"], last["started_at"]);
}

}  // namespace orders::test
