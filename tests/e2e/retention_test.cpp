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
// Each keeps a thread until the timeout.
constexpr int failing_orders = 10;

void submit_instant_orders(OrderProcesses& processes) {
    std::vector<nlohmann::json> batch;
    for (int i = 0; i < orders; ++i) batch.push_back(order_json("order-" + std::to_string(i)));
    processes.submit_all(batch);
}

// A file keeps the order that was submitted last, whatever becomes of it.
void submit_last_order(OrderProcesses& processes) {
    nlohmann::json order = order_json("last");
    order["delay_seconds"] = 31'536'000;
    processes.submit(order);
}

// If a unit takes a millisecond and the timeout is a second.
void submit_failing_orders(OrderProcesses& processes) {
    std::vector<nlohmann::json> batch;
    for (int i = 0; i < failing_orders; ++i) {
        batch.push_back(order_json("failing-" + std::to_string(i), "Normal", 60'000));
    }
    processes.submit_all(batch);
}

// Waits until all but the last order have ended, and this many have this status.
void wait_for(OrderProcesses& processes, const std::string& status, int number) {
    eventually(
        patience, [&] { return processes.counts(); },
        [&](const nlohmann::json& seen) {
            return seen["Pending"] <= 1 && seen["Processing"] == 0 && seen[status] == number;
        });
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
    submit_last_order(processes);
    wait_for(processes, "Processed", 0);
    CHECK_EQ(processes.client().get("/api/v1/orders/order-0").status, 404);
    const Run verified = run(worker_program(), {"verify", "--db", processes.database()});
    CHECK_EQ(verified.output,
             "sound: 1 orders (1 Pending, 0 Processing, 0 Processed, 0 Failed, 0 Cancelled)\n");
    // The id is free again.
    processes.submit(order_json("order-0"));
    CHECK_EQ(processes.finished_order("order-0")["attempts"], 1);
    processes.stop_all();
    CHECK(worker.count_lines("old orders deleted") + other.count_lines("old orders deleted") > 0);
    check_store_is_consistent(processes.database());
}

// Orders that must go show how far deleting has come: those that must stay ended before them, so
// they are older, and yet all there once the others are gone.

TEST_CASE("retention: Processed orders are kept while younger Failed ones go") {
    // Side by side, because it takes seconds until the others are gone.
    OrderProcesses kept_for_ever;  // by default
    OrderProcesses kept_for_ten_years;
    kept_for_ten_years.set("SERVICE_KEEP_PROCESSED_SECONDS", "315360000");
    for (OrderProcesses* const processes : {&kept_for_ever, &kept_for_ten_years}) {
        processes->set("SERVICE_TIME_UNIT_MS", "1");
        processes->start_api();
        processes->start_worker({"--order-process-timeout", "1", "--keep-failed-seconds", "1"});
        submit_instant_orders(*processes);
        processes->counts_when_finished(orders);
        submit_failing_orders(*processes);
        submit_last_order(*processes);
    }
    for (OrderProcesses* const processes : {&kept_for_ever, &kept_for_ten_years}) {
        wait_for(*processes, "Failed", 0);
        processes->stop_all();
        CHECK_EQ(stored_orders(processes->database()).size(), orders + 1);
        check_store_is_consistent(processes->database());
    }
}

TEST_CASE("retention: Failed orders are kept while younger Processed ones go") {
    OrderProcesses processes;
    processes.set("SERVICE_TIME_UNIT_MS", "1");
    processes.start_api();
    processes.start_worker({"--order-process-timeout", "1", "--keep-processed-seconds", "1"});
    submit_failing_orders(processes);
    wait_for(processes, "Failed", failing_orders);
    submit_instant_orders(processes);
    submit_last_order(processes);
    wait_for(processes, "Processed", 0);
    processes.stop_all();
    CHECK_EQ(stored_orders(processes.database()).size(), failing_orders + 1);
    check_store_is_consistent(processes.database());
}

}  // namespace orders::test
