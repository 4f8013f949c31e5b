// Workers that die without a word: what they held comes back when their leases run out, and every
// order still ends exactly once. Many of them at once, under load: kill_storm_test.cpp.

#include <doctest/doctest.h>

#include <string>

#include "tests/faults/model_check.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"

namespace orders::test {
namespace {

using nlohmann::json;

void wait_until_processing(OrderProcesses& processes, const std::string& id) {
    eventually(
        patience, [&] { return processes.order(id); },
        [](const json& order) { return order["status"] == "Processing"; });
}

}  // namespace

TEST_CASE("worker_killed: an order whose worker is killed is finished by another worker") {
    OrderProcesses processes;
    processes.set("SERVICE_LEASE_SECONDS", "1");
    start_recorded_api(processes);
    ChildProcess& doomed =
        processes.start_worker({"--time-unit-ms", "60000", "--order-process-timeout", "3600"});
    processes.submit(order_json("orphan"));
    wait_until_processing(processes, "orphan");
    doomed.kill();

    ChildProcess& heir = processes.start_worker();
    const json order = processes.finished_order("orphan");
    CHECK_EQ(order["status"], "Processed");
    CHECK_EQ(order["attempts"], 2);
    CHECK_EQ(order["worker"], worker_name(heir));
    const std::string line = heir.wait_for_line(" lease expired ", patience);
    CHECK_EQ(log_field(line, "order_id"), "orphan");
    CHECK_EQ(log_field(line, "worker"), worker_name(doomed));
    CHECK_EQ(log_field(line, "outcome"), "requeued");
    processes.stop_all();
    check_promises(evidence_of(processes, {"orphan"}));
}

TEST_CASE("worker_killed: a killed worker is not reported as live once its heartbeat is overdue") {
    OrderProcesses processes;
    start_recorded_api(processes);
    ChildProcess& worker = processes.start_worker({"--lease-seconds", "1"});
    HttpClient http = processes.client();
    const auto live_workers = [&] { return http.get("/api/v1/report").json()["workers"].size(); };
    CHECK_EQ(live_workers(), 1);
    worker.kill();
    eventually(patience, live_workers, [](std::size_t workers) { return workers == 0; });
}

TEST_CASE("worker_killed: an order that every worker dies with is Failed after the last attempt") {
    OrderProcesses processes;
    processes.set("SERVICE_LEASE_SECONDS", "1");
    processes.set("SERVICE_MAX_ATTEMPTS", "2");
    start_recorded_api(processes);
    processes.submit(order_json("deadly", "High"));
    for (int attempt = 1; attempt <= 2; ++attempt) {
        ChildProcess& doomed =
            processes.start_worker({"--time-unit-ms", "60000", "--order-process-timeout", "3600"});
        eventually(
            patience, [&] { return processes.order("deadly"); },
            [&](const json& order) {
                return order["status"] == "Processing" && order["attempts"] == attempt;
            });
        doomed.kill();
    }
    ChildProcess& survivor = processes.start_worker();
    const json order = processes.finished_order("deadly");
    CHECK_EQ(order["status"], "Failed");
    CHECK_EQ(order["failure"], "attempts_exhausted");
    CHECK_EQ(order["attempts"], 2);
    CHECK_EQ(log_field(survivor.wait_for_line(" lease expired ", patience), "outcome"), "failed");
    processes.stop_all();
    check_promises(evidence_of(processes, {"deadly"}));
}

}  // namespace orders::test
