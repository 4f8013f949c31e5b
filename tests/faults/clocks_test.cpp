// Clocks that cannot be trusted: the wall clock is set while orders wait, are in work, and belong
// to a worker that hangs; and the machine is started again. Leases and timeouts go by neither.
// Workers that see different clocks: worker_clocks_test.cpp.

#include <doctest/doctest.h>
#include <signal.h>

#include <array>
#include <chrono>
#include <ctime>
#include <iomanip>
#include <set>
#include <sstream>
#include <string>

#include "tests/faults/fault_control.h"
#include "tests/faults/model_check.h"
#include "tests/support/check_problem.h"
#include "tests/support/halted_process.h"
#include "tests/support/order_processes.h"
#include "tests/support/skipped.h"
#include "tests/support/store_audit.h"
#include "tests/support/store_home.h"

namespace orders::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

const OrderProcesses::Flags endless{"--time-unit-ms", "60000", "--order-process-timeout", "3600"};

// Starts a worker that takes the order and hangs with it, at a moment in which it does not write.
// (A dead one's order would come back at once, by no clock.)
ChildProcess& leave_with_hung_worker(OrderProcesses& processes, const std::string& id,
                                     int lease_seconds,
                                     const OrderProcesses::Environment& environment = {}) {
    OrderProcesses::Flags flags = endless;
    flags.insert(flags.end(),
                 {"--worker-count", "1", "--lease-seconds", std::to_string(lease_seconds)});
    ChildProcess& worker = processes.start_worker(flags, environment);
    processes.submit(order_json(id));
    eventually(patience, [&] { return processes.order(id)["status"] == "Processing"; });
    halt_between_writes(worker, processes.database());
    return worker;
}

std::chrono::seconds seconds_of(const std::string& rfc3339) {
    std::tm fields{};
    std::istringstream(rfc3339) >> std::get_time(&fields, "%Y-%m-%dT%H:%M:%S");
    return std::chrono::seconds(::timegm(&fields));
}

std::chrono::seconds utc_now() {
    return std::chrono::seconds(std::time(nullptr));
}

double oldest_pending_seconds(const OrderProcesses& processes) {
    const json report = processes.client().get("/api/v1/report").json();
    REQUIRE(report["oldest_pending_seconds"].is_number());
    return report["oldest_pending_seconds"];
}

// All programs see the wall clock jump, in the middle of everything.
void check_jump(std::chrono::seconds jump) {
    OrderProcesses processes;
    FaultControl faults;
    const auto environment = faults.environment();
    start_recorded_api(processes, environment);
    ChildProcess& keeping = leave_with_hung_worker(processes, "kept", 3'600, environment);
    ChildProcess& losing = leave_with_hung_worker(processes, "lost", 2, environment);
    ChildProcess& worker = processes.start_worker(
        {"--time-unit-ms", "500", "--worker-count", "1", "--order-process-timeout", "2"},
        environment);
    processes.submit(order_json("in-work", "Normal", 2));
    eventually(patience, [&] { return processes.order("in-work")["status"] != "Pending"; });
    processes.submit(order_json("waiting"));

    faults->utc_offset_seconds = jump.count();

    // "waiting" still waits, for at least the time that "in-work" takes.
    if (processes.order("waiting")["status"] == "Pending") {
        const double waited = oldest_pending_seconds(processes);
        CHECK_GE(waited, 0);
        if (jump > 0s) CHECK_GE(waited, static_cast<double>(jump.count()) - 60);
    }
    processes.submit(order_json("afterwards"));
    const auto created = seconds_of(processes.order("afterwards")["created_at"]);
    CHECK_LE(std::chrono::abs(created - utc_now() - jump), 60s);

    for (const char* id : {"in-work", "waiting", "afterwards"}) {
        CAPTURE(id);
        const json order = processes.finished_order(id);
        CHECK_EQ(order["status"], "Processed");
        CHECK_EQ(order["attempts"], 1);
    }
    // A lease is as long as it was.
    CHECK_EQ(processes.finished_order("lost")["attempts"], 2);
    const json held = processes.order("kept");
    CHECK_EQ(held["status"], "Processing");
    CHECK_EQ(held["attempts"], 1);
    CHECK_EQ(processes.wait_for_lines(" lease expired ", 1).size(), 1);
    // A timeout too.
    processes.submit(order_json("too-long", "High", 5));
    CHECK_EQ(processes.finished_order("too-long")["failure"], "timeout");
    CHECK_EQ(worker.count_lines(" lease lost "), 0);
    CHECK_EQ(worker.count_lines("oldest_pending_seconds=-"), 0);
    worker.signal(SIGTERM);
    CHECK_EQ(worker.wait_exit(patience), exited(0));
    keeping.kill();
    losing.kill();
    processes.stop_all();
    const Findings findings = broken_promises(
        evidence_of(processes, {"in-work", "waiting", "afterwards", "lost", "kept", "too-long"}));
    // The worker hung, and its lease was not over.
    CHECK_EQ(findings, Findings{"not ended: 1: kept"});
}

}  // namespace

TEST_CASE("clocks: a wall clock that jumps forward ends no lease early") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    check_jump(5h);
}

TEST_CASE("clocks: a wall clock that jumps back prolongs no lease") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    check_jump(-5h);
}

TEST_CASE(
    "clocks: while the wall clock is not set, nothing is stored; then all goes on by itself") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    OrderProcesses processes;
    FaultControl faults;
    faults->utc_offset_seconds = -(60LL * 365 * 86'400);
    ChildProcess& api = processes.start_api({}, faults.environment());
    ChildProcess& worker = processes.launch(
        worker_program(), {"--time-unit-ms", "10", "--drain-seconds", "1"}, faults.environment());
    HttpClient http = processes.client();
    check_problem(http.post("/api/v1/orders", order_json("a")), 503, "overloaded");
    CHECK_EQ(http.get("/readyz").status, 503);
    for (ChildProcess* process : {&api, &worker}) {
        process->wait_for_line("(set the clock)", patience);
    }
    faults->utc_offset_seconds = 0;
    worker.wait_for_line(" working ", patience);
    processes.submit(order_json("a"));
    CHECK_EQ(processes.finished_order("a")["attempts"], 1);
    processes.stop_all();
    check_every_order_ended(processes.database(), {"a"});
    CHECK_EQ(stored_value(processes.database(),
                          "SELECT count(*) FROM orders WHERE created_at < 1577836800000"),
             "0");
}

TEST_CASE("clocks: negative control: a lease that lives by a clock that jumps ends early") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    OrderProcesses processes;
    FaultControl faults;
    start_recorded_api(processes);
    ChildProcess& hung = leave_with_hung_worker(processes, "kept", 1'800, faults.environment());
    processes.start_worker({}, faults.environment());
    faults->boot_offset_seconds = 2'000;
    CHECK_EQ(processes.finished_order("kept")["attempts"], 2);
    hung.kill();
}

TEST_CASE("clocks: through a suspend of the machine, every worker keeps its orders") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    OrderProcesses processes;
    FaultControl faults;
    const std::set<std::string> ids{"one", "two"};
    start_recorded_api(processes);
    const OrderProcesses::Flags flags{"--worker-count", "1", "--lease-seconds", "2"};
    const std::array workers{&processes.start_worker(flags, faults.environment()),
                             &processes.start_worker(flags, faults.environment())};
    for (const std::string& id : ids) processes.submit(order_json(id, "High", 100));
    eventually(patience, [&] { return processes.counts()["Processing"] == ids.size(); });
    for (ChildProcess* worker : workers) worker->signal(SIGSTOP);
    for (ChildProcess* worker : workers) {
        eventually(patience, [&] { return is_halted(*worker); });
    }
    faults->boot_offset_seconds = 1'800;  // the steady clock stands still meanwhile
    for (ChildProcess* worker : workers) worker->signal(SIGCONT);

    for (const std::string& id : ids) CHECK_EQ(processes.finished_order(id)["attempts"], 1);
    processes.stop_all();
    CHECK(processes.lines_with(" lease expired ").empty());
    check_promises(evidence_of(processes, ids));
}

TEST_CASE("clocks: after the machine was started again, what a worker held is not charged") {
    OrderProcesses processes;
    processes.set("SERVICE_MAX_ATTEMPTS", "1");
    start_recorded_api(processes);
    ChildProcess& doomed = processes.start_worker(endless);
    processes.submit(order_json("held"));
    eventually(patience, [&] { return processes.order("held")["status"] == "Processing"; });
    doomed.kill();
    // To the store, the dead worker's boot is another one from here on.
    run_sql(processes.database(), "UPDATE workers SET boot_id = 'another'");
    ChildProcess& heir = processes.start_worker();
    const json order = processes.finished_order("held");
    CHECK_EQ(order["status"], "Processed");
    CHECK_EQ(order["worker"], worker_name(heir));
    CHECK_EQ(order["attempts"], 1);
    processes.stop_all();
    check_promises(evidence_of(processes, {"held"}));
}

}  // namespace orders::test
