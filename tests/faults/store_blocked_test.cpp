// A store that somebody else blocks for a while: order-worker waits it out and loses nothing. What
// order-api answers meanwhile is in e2e/http_contract_test.cpp.

#include <doctest/doctest.h>
#include <signal.h>

#include <optional>

#include "tests/faults/model_check.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/store_blockers.h"

namespace orders::test {

TEST_CASE("store_blocked: a worker outlasts a program that keeps a transaction open") {
    OrderProcesses processes;
    processes.set("SERVICE_TIME_UNIT_MS", "100");
    start_recorded_api(processes);
    ChildProcess& worker = processes.start_worker();
    processes.submit(order_json("held"));
    processes.submit(order_json("also-held", "High"));
    {
        const StoreWriter writer(processes.database());
        worker.wait_for_line(" claiming and settling orders failed ", patience);
        CHECK_EQ(worker.ending(), std::nullopt);
    }
    CHECK_EQ(processes.finished_order("held")["status"], "Processed");
    CHECK_EQ(processes.finished_order("also-held")["status"], "Processed");
    processes.submit(order_json("next"));
    CHECK_EQ(processes.finished_order("next")["status"], "Processed");
    processes.stop_all();
    check_promises(evidence_of(processes, {"held", "also-held", "next"}));
}

TEST_CASE("store_blocked: a worker that is to stop while the store is blocked ends in time") {
    OrderProcesses processes;
    start_recorded_api(processes);
    ChildProcess& worker = processes.start_worker(
        {"--time-unit-ms", "60000", "--lease-seconds", "1", "--order-process-timeout", "3600"});
    processes.submit(order_json("held"));
    eventually(patience, [&] { return processes.order("held")["status"] == "Processing"; });
    {
        const TurnstileBlocker blocker(processes.database());
        worker.signal(SIGTERM);
        // It cannot give its order back, and must not wait for ever to do so.
        CHECK_EQ(worker.wait_exit(patience), exited(1));
    }
    processes.start_worker();
    CHECK_EQ(processes.finished_order("held")["status"], "Processed");
    processes.stop_all();
    check_promises(evidence_of(processes, {"held"}));
}

}  // namespace orders::test
