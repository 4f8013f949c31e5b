// A disk that fails under order-worker, in whichever of its commits: it ends, it never trusts a
// second sync, and another worker brings every order to its one end.

#include <doctest/doctest.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "tests/faults/control_safeguards.h"
#include "tests/faults/fault_control.h"
#include "tests/faults/model_check.h"
#include "tests/support/dose.h"
#include "tests/support/order_processes.h"
#include "tests/support/skipped.h"

namespace orders::test {
namespace {

using nlohmann::json;

struct Orders {
    std::set<std::string> ids;
    std::vector<json> bodies;
};

Orders some_orders(int count) {
    Orders orders;
    for (int i = 0; i < count; ++i) {
        const std::string id = "order-" + std::to_string(i);
        orders.ids.insert(id);
        orders.bodies.push_back(order_json(id, i % 3 == 0 ? "High" : "Normal"));
    }
    return orders;
}

// Starts a worker on a disk that fails, and sees it end.
void see_worker_fail(OrderProcesses& processes, FaultControl& faults) {
    ChildProcess& worker = processes.launch(worker_program(), {}, faults.environment());
    CHECK_EQ(worker.wait_exit(patience), exited(1));
    CHECK_EQ(worker.count_lines("check the disk"), 1);
    CHECK_EQ(faults->synced_after_failure, 0);
}

void check_others_finish(OrderProcesses& processes, const Orders& orders) {
    processes.start_worker();
    const json counts = processes.counts_when_finished(static_cast<int>(orders.ids.size()));
    CHECK_EQ(counts["Processed"], orders.ids.size());
    processes.stop_all();
    check_promises(evidence_of(processes, orders.ids));
}

}  // namespace

TEST_CASE("bad_disk_worker: a sync that fails in any of a worker's commits ends it, but no order") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    OrderProcesses processes;
    processes.set("SERVICE_LEASE_SECONDS", "1");
    processes.set("SERVICE_MAX_ATTEMPTS", "1000");  // only the disk is to blame
    start_recorded_api(processes);
    const Orders orders = some_orders(400);
    processes.submit_all(orders.bodies);
    // The first commit signs the worker on, the second claims; from the third on it settles too.
    for (int passes = 0; passes < dose(5, 40); ++passes) {
        CAPTURE(passes);
        FaultControl faults;
        // Whatever the sync's reason is: want of room too leaves open what is on the disk.
        const int error = std::array{EIO, ENOSPC, EDQUOT}.at(static_cast<std::size_t>(passes % 3));
        faults.fail(faults->syncs, error, {.file = FaultControl::File::log, .passes = passes});
        see_worker_fail(processes, faults);
        CHECK_EQ(faults->syncs.failed, 1);
    }
    check_others_finish(processes, orders);
}

TEST_CASE("bad_disk_worker: a log that cannot be written ends a worker, but no order") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    OrderProcesses processes;
    processes.set("SERVICE_LEASE_SECONDS", "1");
    processes.set("SERVICE_MAX_ATTEMPTS", "1000");
    start_recorded_api(processes);
    const Orders orders = some_orders(400);
    processes.submit_all(orders.bodies);
    for (int passes = 0; passes < dose(40, 200); passes += 8) {
        CAPTURE(passes);
        FaultControl faults;
        faults.fail(faults->writes, EIO, {.file = FaultControl::File::log, .passes = passes});
        see_worker_fail(processes, faults);
    }
    check_others_finish(processes, orders);
}

TEST_CASE("bad_disk_worker: negative control: a worker that outlives a failed sync is noticed") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    OrderProcesses processes;
    start_recorded_api(processes);
    FaultControl faults;
    auto environment = faults.environment();
    environment[left_out_variable] = to_string(sqlite::Safeguard::sync_failure_ends);
    ChildProcess& worker = processes.launch(worker_control_program(), {}, environment);
    worker.wait_for_line(" working ", patience);
    faults.fail(faults->syncs, EIO, {.failures = 1});
    processes.submit(order_json("order"));
    worker.wait_for_line(" claiming and settling orders failed ", patience);
    processes.finished_order("order");
    CHECK_EQ(worker.ending(), std::nullopt);
    CHECK_GT(faults->synced_after_failure, 0);
}

}  // namespace orders::test
