// Writes that find no room although the disk has some: a quota is used up, or a file is as large as
// it may be. Both programs wait for room as they do on a full disk (disk_full_test.cpp), and no
// order pays for it.

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <array>
#include <cerrno>
#include <set>
#include <string>

#include "tests/faults/fault_control.h"
#include "tests/faults/model_check.h"
#include "tests/support/check_problem.h"
#include "tests/support/eventually.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/order_processes.h"
#include "tests/support/skipped.h"

namespace orders::test {
namespace {

using nlohmann::json;

void wait_for_readyz(HttpClient& http, int status) {
    eventually(
        patience, [&] { return http.get("/readyz").status; },
        [status](int seen) { return seen == status; });
}

}  // namespace

TEST_CASE("no_room: while a quota is used up, orders wait, and none loses an attempt") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    OrderProcesses processes;
    FaultControl faults;
    ChildProcess& api = start_recorded_api(processes, faults.environment());
    const OrderProcesses::Flags flags{"--time-unit-ms",  "200", "--worker-count", "1",
                                      "--lease-seconds", "1"};
    const std::array workers{&processes.start_worker(flags, faults.environment()),
                             &processes.start_worker(flags, faults.environment())};
    processes.submit(order_json("held", "High", 3));
    eventually(patience, [&] { return processes.order("held")["status"] == "Processing"; });

    faults.fail(faults->writes, EDQUOT, {.file = FaultControl::File::log});
    HttpClient http = processes.client();
    check_problem(http.post("/api/v1/orders", order_json("refused")), 503, "disk-full");
    wait_for_readyz(http, 503);
    CHECK_EQ(http.get("/livez").status, 200);
    CHECK_EQ(http.get("/api/v1/orders/held").status, 200);
    CHECK_EQ(http.get("/api/v1/orders/refused").status, 404);
    // For longer than the lease: each worker tries four times a second.
    const int failed = faults->writes.failed;
    eventually(patience, [&] { return faults->writes.failed > failed + 14; });

    faults->writes.error = 0;
    wait_for_readyz(http, 200);
    processes.submit(order_json("refused"));
    const json held = processes.finished_order("held");
    CHECK_EQ(held["status"], "Processed");
    CHECK_EQ(held["attempts"], 1);
    CHECK_EQ(processes.finished_order("refused")["status"], "Processed");
    CHECK_EQ(api.ending(), std::nullopt);
    for (ChildProcess* worker : workers) {
        CHECK_EQ(worker->ending(), std::nullopt);
        CHECK_GE(worker->count_lines(" claiming and settling orders failed "), 1);
        CHECK_LE(worker->count_lines(" claiming and settling orders failed "), 3);
    }
    processes.stop_all();
    check_promises(evidence_of(processes, {"held", "refused"}));
}

TEST_CASE("no_room: an API whose log may not grow refuses orders, and takes them once it may") {
    OrderProcesses processes;
    ChildProcess* api = nullptr;
    {
        const FileSizeLimit limit(1'048'576, FileSizeLimit::Signal::ends_process);
        api = &start_recorded_api(processes);
    }
    HttpClient http = processes.client();
    std::set<std::string> stored;
    HttpAnswer answer;
    do {
        const std::string id = "order-" + std::to_string(stored.size());
        answer = http.post("/api/v1/orders", order_json(id));
        if (answer.status == 200) stored.insert(id);
    } while (answer.status == 200);
    check_problem(answer, 503, "disk-full");
    wait_for_readyz(http, 503);
    CHECK_EQ(http.get("/api/v1/orders/order-0").status, 200);
    CHECK_EQ(api->ending(), std::nullopt);

    const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    REQUIRE_EQ(::prlimit(api->pid(), RLIMIT_FSIZE, &unlimited, nullptr), 0);
    wait_for_readyz(http, 200);
    processes.submit(order_json("last"));
    stored.insert("last");
    processes.start_worker({"--time-unit-ms", "0"});
    processes.counts_when_finished(static_cast<int>(stored.size()));
    processes.stop_all();
    check_promises(evidence_of(processes, stored));
}

}  // namespace orders::test
