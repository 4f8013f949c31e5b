// A disk that is full: creates are refused and say why, reading goes on, nothing acknowledged is
// lost, and everything goes on by itself once there is room.

#include <doctest/doctest.h>

#include <filesystem>
#include <set>
#include <string>

#include "tests/faults/model_check.h"
#include "tests/support/check_problem.h"
#include "tests/support/eventually.h"
#include "tests/support/mounted_memory.h"
#include "tests/support/order_processes.h"
#include "tests/support/skipped.h"

namespace orders::test {
namespace {

using nlohmann::json;

// On a disk of 16 MiB, without a floor that would refuse orders before it is full.
void use_disk(OrderProcesses& processes, const MountedMemory& disk) {
    processes.set("DB_PATH", disk.file("orders.db"));
    processes.set("API_MIN_FREE_MB", "0");
}

// Until the disk is full. Adds to the ids that are stored, and returns the answer that says so.
HttpAnswer create_until_refused(const OrderProcesses& processes, std::set<std::string>& stored) {
    HttpClient http = processes.client();
    for (int n = 0;; ++n) {
        const std::string id = "filler-" + std::to_string(n);
        HttpAnswer answer = http.post("/api/v1/orders", order_json(id));
        if (answer.status != 200) return answer;
        stored.insert(id);
    }
}

}  // namespace

TEST_CASE("disk_full: a full disk refuses orders, and loses none that it has") {
    if (!MountedMemory::may_mount()) return skipped(MountedMemory::may_not_mount);
    const MountedMemory disk(16);
    OrderProcesses processes;
    use_disk(processes, disk);
    ChildProcess& api = start_recorded_api(processes);
    ChildProcess& worker = processes.start_worker(
        {"--time-unit-ms", "200", "--worker-count", "1", "--lease-seconds", "1"});
    std::set<std::string> stored{"claimed"};
    processes.submit(order_json("claimed", "High", 5));
    eventually(patience, [&] { return processes.order("claimed")["status"] == "Processing"; });

    disk.fill("ballast", 64 * 1024);
    check_problem(create_until_refused(processes, stored), 503, "disk-full");
    HttpClient http = processes.client();
    eventually(
        patience, [&] { return http.get("/readyz").status; },
        [](int status) { return status == 503; });
    CHECK_EQ(http.get("/livez").status, 200);
    check_problem(http.post("/api/v1/orders", order_json("refused")), 503, "disk-full");
    for (const std::string& id : stored) CHECK_EQ(http.get("/api/v1/orders/" + id).status, 200);
    CHECK_EQ(http.get("/api/v1/orders/refused").status, 404);
    CHECK_EQ(http.get("/api/v1/report").status, 200);
    worker.wait_for_line(" claiming and settling orders failed ", patience);

    std::filesystem::remove(disk.file("ballast"));
    eventually(
        patience, [&] { return http.get("/readyz").status; },
        [](int status) { return status == 200; });
    processes.submit(order_json("refused"));
    stored.insert("refused");
    // It was in work all the time: nobody took it from its worker, and no attempt was lost.
    const json claimed = processes.finished_order("claimed");
    CHECK_EQ(claimed["status"], "Processed");
    CHECK_EQ(claimed["attempts"], 1);
    CHECK_EQ(api.ending(), std::nullopt);
    CHECK_EQ(worker.ending(), std::nullopt);
    processes.start_worker({"--time-unit-ms", "0"});
    processes.counts_when_finished(static_cast<int>(stored.size()));
    processes.stop_all();
    check_promises(evidence_of(processes, stored));
}

TEST_CASE("disk_full: both programs end, and say why, if a full disk has no room for a store") {
    if (!MountedMemory::may_mount()) return skipped(MountedMemory::may_not_mount);
    const MountedMemory disk(1);
    OrderProcesses processes;
    use_disk(processes, disk);
    // Enough for some of the store's files, and for none.
    for (const std::size_t kibibytes : {32U, 24U, 16U, 8U, 0U}) {
        CAPTURE(kibibytes);
        disk.fill("ballast", kibibytes * 1024);
        for (const std::string& program : {api_program(), worker_program()}) {
            ChildProcess& process = processes.launch(program, {});
            CHECK_EQ(process.wait_exit(patience), exited(1));
            CHECK_EQ(process.count_lines(": cannot "), 1);
            CHECK_EQ(process.count_lines("(make room on the disk)"), 1);
        }
        for (const auto& entry : std::filesystem::directory_iterator(disk.path())) {
            std::filesystem::remove(entry.path());
        }
    }
    start_recorded_api(processes);
    processes.submit(order_json("first"));
    processes.start_worker();
    processes.finished_order("first");
    processes.stop_all();
    check_promises(evidence_of(processes, {"first"}));
}

}  // namespace orders::test
