// A worker that stands still for longer than its lease, and does not know it: what it brings back
// too late is refused, because another has the order by then.

#include <doctest/doctest.h>
#include <signal.h>

#include <string>

#include "tests/faults/control_safeguards.h"
#include "tests/faults/model_check.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/store_home.h"

namespace orders::test {
namespace {

using nlohmann::json;

// Starts a worker that has claimed the order and is halted with it. (Halted in the middle of a
// transaction, it would be another story: store_blocked_test.cpp.)
ChildProcess& start_halted_worker(OrderProcesses& processes, const std::string& id) {
    ChildProcess& worker = processes.start_worker(
        {"--time-unit-ms", "1000", "--lease-seconds", "1", "--worker-count", "1"});
    processes.submit(order_json(id));
    eventually(
        patience, [&] { return processes.order(id); },
        [](const json& order) { return order["status"] == "Processing"; });
    halt_between_writes(worker, processes.database());
    return worker;
}

}  // namespace

TEST_CASE("lease_lost: the late result of a worker that lost its lease is refused") {
    OrderProcesses processes;
    processes.set("SERVICE_LEASE_SECONDS", "1");
    start_recorded_api(processes);
    ChildProcess& halted = start_halted_worker(processes, "contested");

    ChildProcess& successor = processes.start_worker();
    const json order = processes.finished_order("contested");
    CHECK_EQ(order["status"], "Processed");
    CHECK_EQ(order["worker"], worker_name(successor));
    CHECK_EQ(order["attempts"], 2);

    halted.signal(SIGCONT);
    const std::string line = halted.wait_for_line(" lease lost ", patience);
    CHECK_EQ(log_field(line, "order_id"), "contested");
    CHECK_EQ(log_field(line, "attempt"), "1");
    CHECK_EQ(processes.order("contested"), order);

    // Having been refused, it goes on as a good worker.
    successor.signal(SIGTERM);
    CHECK_EQ(successor.wait_exit(patience), exited(0));
    processes.submit(order_json("next"));
    CHECK_EQ(processes.finished_order("next")["worker"], worker_name(halted));
    processes.stop_all();
    check_promises(evidence_of(processes, {"contested", "next"}));
}

TEST_CASE("lease_lost: a late result is refused while the other worker still has the order") {
    OrderProcesses processes;
    start_recorded_api(processes);
    ChildProcess& halted = start_halted_worker(processes, "contested");

    ChildProcess& successor =
        processes.start_worker({"--time-unit-ms", "2000", "--lease-seconds", "1"});
    eventually(
        patience, [&] { return processes.order("contested"); },
        [](const json& order) {
            return order["status"] == "Processing" && order["attempts"] == 2;
        });
    halted.signal(SIGCONT);
    halted.wait_for_line(" lease lost ", patience);
    const json order = processes.finished_order("contested");
    CHECK_EQ(order["status"], "Processed");
    CHECK_EQ(order["worker"], worker_name(successor));
    CHECK_EQ(order["attempts"], 2);
    CHECK_EQ(successor.count_lines(" lease lost "), 0);
    processes.stop_all();
    check_promises(evidence_of(processes, {"contested"}));
}

TEST_CASE("lease_lost: a worker that stood still, but was not replaced, may go on") {
    OrderProcesses processes;
    start_recorded_api(processes);
    ChildProcess& halted = start_halted_worker(processes, "uncontested");
    // Its lease is over when it is no longer live; nobody is there to take the order from it.
    HttpClient http = processes.client();
    eventually(patience, [&] { return http.get("/api/v1/report").json()["workers"].empty(); });
    halted.signal(SIGCONT);
    const json order = processes.finished_order("uncontested");
    CHECK_EQ(order["status"], "Processed");
    CHECK_EQ(order["worker"], worker_name(halted));
    processes.stop_all();
    check_promises(evidence_of(processes, {"uncontested"}));
}

TEST_CASE("lease_lost: negative control: without fencing tokens, a late result is taken" *
          only_in_a_file()) {
    OrderProcesses processes;
    processes.use_programs(api_program(), worker_control_program());
    processes.set(left_out_variable, to_string(sqlite::Safeguard::fencing_token));
    start_recorded_api(processes);
    ChildProcess& halted = start_halted_worker(processes, "contested");

    // A minute: it surely still has the order when the first one comes back.
    processes.start_worker({"--time-unit-ms", "60000", "--order-process-timeout", "3600"});
    eventually(
        patience, [&] { return processes.order("contested"); },
        [](const json& order) { return order["attempts"] == 2; });
    halted.signal(SIGCONT);
    processes.finished_order("contested");
    processes.stop_all();
    CHECK_EQ(halted.count_lines(" lease lost "), 0);
    CHECK(has_finding(broken_promises(evidence_of(processes, {"contested"})),
                      "settled by a token that was not the newest: "));
}

}  // namespace orders::test
