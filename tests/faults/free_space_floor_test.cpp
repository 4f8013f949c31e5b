// The room that creates leave free on a disk is what workers need to settle all that was accepted.
// Without it they come to a stop. A disk that is full all the same is in disk_full_test.cpp.

#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "tests/faults/fault_control.h"
#include "tests/support/check_problem.h"
#include "tests/support/dose.h"
#include "tests/support/eventually.h"
#include "tests/support/mounted_memory.h"
#include "tests/support/order_processes.h"
#include "tests/support/skipped.h"
#include "tests/support/store_audit.h"

namespace orders::test {
namespace {

using nlohmann::json;

constexpr int floor_megabytes = 128;  // what ships
// Above it: about 25,000 orders or 80,000.
int room_megabytes() {
    return dose(8, 24);
}

// In batches, until one is refused. Returns the ids that were accepted.
std::set<std::string> create_until_refused(const OrderProcesses& processes) {
    constexpr int batch_size = 200;
    std::set<std::string> accepted;
    HttpClient http = processes.client();
    for (int n = 0;; ++n) {
        json batch = json::array();
        std::vector<std::string> ids;
        for (int i = 0; i < batch_size; ++i) {
            ids.push_back("order-" + std::to_string(n) + "-" + std::to_string(i));
            batch.push_back(order_json(ids.back()));
        }
        const HttpAnswer answer = http.post("/api/v1/orders/batch", {{"orders", batch}});
        if (answer.status == 200) {
            accepted.insert(ids.begin(), ids.end());
            continue;
        }
        check_problem(answer, 503, "disk-full");
        return accepted;
    }
}

void wait_for_readyz(const OrderProcesses& processes, int status) {
    HttpClient http = processes.client();
    eventually(
        patience, [&] { return http.get("/readyz").status; },
        [status](int seen) { return seen == status; });
}

}  // namespace

TEST_CASE("free_space_floor: below the floor orders are refused, and reading goes on") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    OrderProcesses processes;
    FaultControl faults;
    processes.start_api({"--min-free-mb", "100"}, faults.environment());
    processes.submit(order_json("before"));
    faults->free_megabytes = 99 + 1;
    HttpClient http = processes.client();
    check_problem(http.post("/api/v1/orders", order_json("after")), 503, "disk-full");
    wait_for_readyz(processes, 503);
    CHECK_EQ(processes.order("before")["status"], "Pending");
    processes.start_worker();
    CHECK_EQ(processes.finished_order("before")["status"], "Processed");
    CHECK_EQ(http.get("/api/v1/orders/after").status, 404);

    faults->free_megabytes = 100 + 1;
    processes.submit(order_json("after"));
    wait_for_readyz(processes, 200);
}

TEST_CASE("free_space_floor: an API that starts below the floor says so at once") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    OrderProcesses processes;
    FaultControl faults;
    faults->free_megabytes = 99 + 1;
    ChildProcess& api = processes.start_api({"--min-free-mb", "100"}, faults.environment());
    const std::string line = api.wait_for_line(" too little room on the disk", patience);
    CHECK_EQ(log_field(line, "free_bytes"), std::to_string(99 << 20U));
    CHECK_EQ(log_field(line, "min_free_bytes"), std::to_string(100 << 20U));
    CHECK_EQ(api.count_lines(" orders refused "), 0);
}

TEST_CASE("free_space_floor: what was accepted above the floor is settled without further room") {
    if (!MountedMemory::may_mount()) return skipped(MountedMemory::may_not_mount);
    const MountedMemory disk(floor_megabytes + room_megabytes());
    OrderProcesses processes;
    processes.set("DB_PATH", disk.file("orders.db"));
    processes.set("SERVICE_TIME_UNIT_MS", "0");
    processes.start_api();
    const std::set<std::string> accepted = create_until_refused(processes);
    CHECK_GT(accepted.size(), 1'000);
    wait_for_readyz(processes, 503);
    ChildProcess& worker = processes.start_worker();
    processes.counts_when_finished(static_cast<int>(accepted.size()));
    CHECK_EQ(worker.count_lines(" claiming and settling orders failed "), 0);
    processes.stop_all();
    check_every_order_ended(disk.file("orders.db"), accepted);
}

TEST_CASE("free_space_floor: negative control: on a full disk, what was accepted is not settled") {
    if (!MountedMemory::may_mount()) return skipped(MountedMemory::may_not_mount);
    const MountedMemory disk(floor_megabytes + room_megabytes());
    OrderProcesses processes;
    processes.set("DB_PATH", disk.file("orders.db"));
    processes.set("SERVICE_TIME_UNIT_MS", "0");
    disk.fill("ballast", static_cast<std::size_t>(room_megabytes()) << 20U);
    processes.start_api({"--min-free-mb", "0"});
    const std::set<std::string> accepted = create_until_refused(processes);
    disk.fill("rest", 0);
    ChildProcess& worker = processes.launch(worker_program(), {});
    worker.wait_for_line(" claiming and settling orders failed ", patience);
    CHECK_GT(processes.counts()["Pending"], 0);

    std::filesystem::remove(disk.file("ballast"));
    processes.counts_when_finished(static_cast<int>(accepted.size()));
    processes.stop_all();
    check_every_order_ended(disk.file("orders.db"), accepted);
}

}  // namespace orders::test
