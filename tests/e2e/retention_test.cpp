// Deleting old orders, as an operator switches it on.

#include <doctest/doctest.h>
#include <signal.h>

#include <string>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"
#include "tests/support/store_audit.h"

namespace orders::test {
namespace {

constexpr int orders = 1'000;

void submit_instant_orders(OrderProcesses& processes) {
    std::vector<nlohmann::json> batch;
    for (int i = 0; i < orders; ++i) batch.push_back(order_json("order-" + std::to_string(i)));
    processes.submit_all(batch);
}

}  // namespace

TEST_CASE("retention: old orders go while everything runs, and the store stays sound") {
    OrderProcesses processes;
    processes.set("SERVICE_TIME_UNIT_MS", "0");
    processes.set("SERVICE_KEEP_PROCESSED_SECONDS", "1");
    processes.start_api();
    // Two workers sweep at once.
    ChildProcess& worker = processes.start_worker();
    ChildProcess& other = processes.start_worker();
    submit_instant_orders(processes);
    // The last one stays.
    eventually(patience, [&] {
        const nlohmann::json counts = processes.counts();
        return counts["Processed"] == 1 && counts["Pending"] == 0;
    });
    CHECK_EQ(processes.client().get("/api/v1/orders/order-0").status, 404);
    const Run verified = run(worker_program(), {"verify", "--db", processes.database()});
    CHECK_EQ(verified.output, "sound: 1 orders (0 Pending, 0 Processing, 1 Processed, 0 Failed)\n");
    // The id is free again.
    processes.submit(order_json("order-0"));
    CHECK_EQ(processes.finished_order("order-0")["attempts"], 1);
    processes.stop_all();
    CHECK(worker.count_lines("old orders deleted") + other.count_lines("old orders deleted") > 0);
    check_store_is_consistent(processes.database());
}

TEST_CASE("retention: what is not asked for is kept") {
    OrderProcesses processes;
    processes.set("SERVICE_TIME_UNIT_MS", "0");
    processes.start_api();
    SUBCASE("everything, by default") {
        processes.start_worker();
    }
    SUBCASE("Processed orders, where only Failed ones are to go") {
        processes.start_worker({"--keep-failed-seconds", "1"});
    }
    SUBCASE("younger ones") {
        processes.start_worker({"--keep-processed-seconds", "315360000"});
    }
    submit_instant_orders(processes);
    processes.counts_when_finished(orders);
    processes.stop_all();
    CHECK_EQ(stored_orders(processes.database()).size(), orders);
}

}  // namespace orders::test
