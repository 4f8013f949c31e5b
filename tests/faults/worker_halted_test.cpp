// A worker that stands still at a chosen step of its work for longer than its lease, with another
// one around: whatever the step, every order ends exactly once. Standing still in the middle of
// processing is in lease_lost_test.cpp.

#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <string>

#include "tests/faults/fault_control.h"
#include "tests/faults/model_check.h"
#include "tests/support/check_problem.h"
#include "tests/support/halted_process.h"
#include "tests/support/order_processes.h"
#include "tests/support/skipped.h"
#include "tests/support/store_audit.h"

namespace orders::test {
namespace {

using nlohmann::json;
using Step = FaultControl::Step;

constexpr std::chrono::seconds lease_time{1};

// How often a worker that finds an order waiting takes its turn, and syncs, before the step at
// which it is made to stand still: it opens the store to work and to keep house (two turns without
// a sync), signs on, claims, settles.
constexpr int turns_before_claim = 3;
constexpr int turns_before_settle = 4;
constexpr int syncs_before_claim = 1;
constexpr int syncs_before_settle = 2;

// An API, and a worker that stands still over an order.
struct Halted {
    Halted(Step step, int passes, const std::string& time_unit_ms = "10") {
        processes.set("SERVICE_LEASE_SECONDS", std::to_string(lease_time.count()));
        start_recorded_api(processes);
        processes.submit(order_json("contested"));
        faults.halt_at(step, passes);
        worker = &processes.start_worker({"--worker-count", "1", "--time-unit-ms", time_unit_ms},
                                         faults.environment());
        faults.wait_until_halted(*worker);
        halted_at = time_since_boot();
    }

    [[nodiscard]] std::string started_at() const {
        return stored_value(processes.database(),
                            "SELECT coalesce(l.started_at, o.started_at) FROM orders o "
                            "LEFT JOIN leases l ON l.seq = o.seq WHERE order_id = 'contested'");
    }

    FaultControl faults;
    OrderProcesses processes;
    ChildProcess* worker = nullptr;
    std::chrono::nanoseconds halted_at{};  // by the boot clock
};

// While the worker has its turn, nobody else writes; nothing is lost by that.
void check_turn_is_kept_over_lease(Step step, int passes) {
    Halted halted(step, passes);
    OrderProcesses& processes = halted.processes;
    ChildProcess& other = processes.launch(worker_program(), {});
    HttpClient http = processes.client();
    const json before = processes.order("contested");
    // It takes the API longer than the lease to give up.
    check_problem(http.post("/api/v1/orders", order_json("next")), 503, "overloaded");
    CHECK_EQ(http.get("/api/v1/orders/next").status, 404);
    CHECK_EQ(http.get("/readyz").status, 503);
    outlast(lease_time, halted.halted_at);
    // Nothing of the transaction is seen by anyone.
    CHECK_EQ(processes.order("contested"), before);
    CHECK_EQ(other.count_lines(" working "), 0);

    halted.worker->signal(SIGCONT);
    other.wait_for_line(" working ", patience);
    const json order = processes.finished_order("contested");
    CHECK_EQ(order["status"], "Processed");
    // Either may have got it. If both did, the first one's result came too late.
    CHECK_LE(order["attempts"], 2);
    processes.submit(order_json("next"));
    CHECK_EQ(processes.finished_order("next")["attempts"], 1);
    processes.stop_all();
    CHECK_EQ(processes.lines_with(" lease lost ").size(), order["attempts"] == 2 ? 1 : 0);
    check_promises(evidence_of(processes, {"contested", "next"}));
}

}  // namespace

TEST_CASE("worker_halted: a worker halted before its turn to claim holds up nobody") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    Halted halted(Step::before_turn, turns_before_claim);
    OrderProcesses& processes = halted.processes;
    ChildProcess& other = processes.start_worker();
    const json order = processes.finished_order("contested");
    CHECK_EQ(order["worker"], worker_name(other));
    CHECK_EQ(order["attempts"], 1);
    outlast(lease_time);
    // It looked before it stood still, and finds the order gone.
    halted.worker->signal(SIGCONT);
    other.signal(SIGTERM);
    CHECK_EQ(other.wait_exit(patience), exited(0));
    processes.submit(order_json("next"));
    CHECK_EQ(processes.finished_order("next")["worker"], worker_name(*halted.worker));
    CHECK_EQ(processes.order("contested"), order);
    processes.stop_all();
    check_promises(evidence_of(processes, {"contested", "next"}));
}

TEST_CASE("worker_halted: a worker halted at the beginning of its claim loses nothing") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    check_turn_is_kept_over_lease(Step::in_turn, turns_before_claim);
}

TEST_CASE("worker_halted: a worker halted before the sync of its claim loses nothing") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    check_turn_is_kept_over_lease(Step::before_sync, syncs_before_claim);
}

TEST_CASE("worker_halted: a worker halted before the sync of its result loses nothing") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    check_turn_is_kept_over_lease(Step::before_sync, syncs_before_settle);
}

TEST_CASE("worker_halted: the result of a worker halted before its turn to settle is refused") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    Halted halted(Step::before_turn, turns_before_settle);
    OrderProcesses& processes = halted.processes;
    const auto first_start = std::stoll(halted.started_at());
    CHECK_EQ(processes.order("contested")["status"], "Processing");

    ChildProcess& other = processes.start_worker();
    const json order = processes.finished_order("contested");
    CHECK_EQ(order["status"], "Processed");
    CHECK_EQ(order["worker"], worker_name(other));
    CHECK_EQ(order["attempts"], 2);
    // Not before the lease was over. The two clocks are rounded, each by less than a millisecond.
    CHECK_GE(std::stoll(halted.started_at()) - first_start + 2,
             std::chrono::milliseconds(lease_time).count());

    halted.worker->signal(SIGCONT);
    const std::string line = halted.worker->wait_for_line(" lease lost ", patience);
    CHECK_EQ(log_field(line, "order_id"), "contested");
    CHECK_EQ(processes.order("contested"), order);
    processes.stop_all();
    check_promises(evidence_of(processes, {"contested"}));
}

TEST_CASE("worker_halted: without another worker, one halted before its turn to settle may go on") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    Halted halted(Step::before_turn, turns_before_settle);
    OrderProcesses& processes = halted.processes;
    outlast(lease_time);
    halted.worker->signal(SIGCONT);
    const json order = processes.finished_order("contested");
    CHECK_EQ(order["worker"], worker_name(*halted.worker));
    CHECK_EQ(order["attempts"], 1);
    processes.stop_all();
    check_promises(evidence_of(processes, {"contested"}));
}

}  // namespace orders::test
