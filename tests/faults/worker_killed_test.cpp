// Workers that die without a word: what they held comes back at once, however long their leases
// are, and every order still ends exactly once. Many of them at once, under load:
// kill_storm_test.cpp.

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "tests/faults/model_check.h"
#include "tests/support/dose.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"

namespace orders::test {
namespace {

using nlohmann::json;

const OrderProcesses::Flags endless_long_lease{
    "--time-unit-ms", "60000", "--order-process-timeout", "3600", "--lease-seconds", "600"};

void wait_until_processing(OrderProcesses& processes, const std::string& id) {
    eventually(
        patience, [&] { return processes.order(id); },
        [](const json& order) { return order["status"] == "Processing"; });
}

}  // namespace

TEST_CASE("worker_killed: an order whose worker is killed is finished by another worker") {
    OrderProcesses processes;
    start_recorded_api(processes);
    ChildProcess& doomed = processes.start_worker(endless_long_lease);
    processes.submit(order_json("orphan"));
    wait_until_processing(processes, "orphan");
    doomed.kill();

    ChildProcess& heir = processes.start_worker();
    const json order = processes.finished_order("orphan");
    CHECK_EQ(order["status"], "Processed");
    CHECK_EQ(order["attempts"], 2);
    CHECK_EQ(order["worker"], worker_name(heir));
    const std::string line = processes.wait_for_lines(" lease expired ", 1).at(0);
    CHECK_EQ(log_field(line, "order_id"), "orphan");
    CHECK_EQ(log_field(line, "worker"), worker_name(doomed));
    CHECK_EQ(log_field(line, "outcome"), "requeued");
    processes.stop_all();
    check_promises(evidence_of(processes, {"orphan"}));
}

TEST_CASE("worker_killed: a killed worker is reported as live no longer") {
    OrderProcesses processes;
    start_recorded_api(processes);
    ChildProcess& worker = processes.start_worker({"--lease-seconds", "600"});
    HttpClient http = processes.client();
    const auto live_workers = [&] { return http.get("/api/v1/report").json()["workers"].size(); };
    CHECK_EQ(live_workers(), 1);
    worker.kill();
    CHECK_EQ(live_workers(), 0);
}

TEST_CASE("worker_killed: how long it takes until an order of a killed worker is in work again") {
    OrderProcesses processes;
    processes.set("SERVICE_MAX_ATTEMPTS", "1000");
    start_recorded_api(processes);
    const int kills = dose(3, 200);
    processes.submit(order_json("orphan"));
    ChildProcess* holder = &processes.start_worker(endless_long_lease);
    std::vector<std::chrono::milliseconds> waits;
    for (int kill = 1; kill <= kills; ++kill) {
        wait_until_processing(processes, "orphan");
        ChildProcess& heir = processes.start_worker(endless_long_lease);
        holder->kill();
        const auto begin = std::chrono::steady_clock::now();
        eventually(patience,
                   [&] { return processes.order("orphan")["worker"] == worker_name(heir); });
        waits.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - begin));
        CHECK_EQ(processes.order("orphan")["attempts"], kill + 1);
        holder = &heir;
    }
    std::ranges::sort(waits);
    std::cout << kills << " kills; in work again after " << waits[waits.size() / 2].count()
              << " ms (median), " << waits[waits.size() * 99 / 100].count() << " ms (p99), "
              << waits.back().count() << " ms at most" << std::endl;
}

TEST_CASE("worker_killed: an order that every worker dies with is Failed after the last attempt") {
    OrderProcesses processes;
    processes.set("SERVICE_MAX_ATTEMPTS", "2");
    start_recorded_api(processes);
    processes.submit(order_json("deadly", "High"));
    for (int attempt = 1; attempt <= 2; ++attempt) {
        ChildProcess& doomed = processes.start_worker(endless_long_lease);
        eventually(
            patience, [&] { return processes.order("deadly"); },
            [&](const json& order) {
                return order["status"] == "Processing" && order["attempts"] == attempt;
            });
        doomed.kill();
    }
    processes.start_worker();
    const json order = processes.finished_order("deadly");
    CHECK_EQ(order["status"], "Failed");
    CHECK_EQ(order["failure"], "attempts_exhausted");
    CHECK_EQ(order["attempts"], 2);
    std::multiset<std::string> outcomes;
    for (const std::string& line : processes.wait_for_lines(" lease expired ", 2)) {
        outcomes.insert(log_field(line, "outcome"));
    }
    CHECK_EQ(outcomes, std::multiset<std::string>{"attempts_exhausted", "requeued"});
    processes.stop_all();
    check_promises(evidence_of(processes, {"deadly"}));
}

}  // namespace orders::test
