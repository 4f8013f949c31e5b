// Workers that cannot hear the bell, because the system has no inotify for them: they look for work
// instead, and do it.

#include <doctest/doctest.h>

#include <cerrno>

#include "tests/faults/fault_control.h"
#include "tests/support/order_processes.h"
#include "tests/support/skipped.h"

namespace orders::test {

TEST_CASE("no_bell: a worker without inotify says so once, and processes all orders") {
    if (!FaultControl::is_available) return skipped(FaultControl::not_available);
    OrderProcesses processes;
    processes.start_api();
    FaultControl faults;
    SUBCASE("no instance is left") {
        faults.fail(faults->watches, EMFILE);
    }
    SUBCASE("no watch is left") {
        faults.fail(faults->watches, ENOSPC, {.passes = 1});
    }
    SUBCASE("a sandbox refuses it") {
        faults.fail(faults->watches, ENOSYS);
    }
    ChildProcess& worker = processes.start_worker({}, faults.environment());
    for (const char* id : {"first", "second"}) {
        processes.submit(order_json(id));
        CHECK_EQ(processes.finished_order(id)["status"], "Processed");
    }
    // Of each of the two bells: for work, and for cancelled orders.
    CHECK_EQ(worker.count_lines("doorbell cannot be heard"), 2);
    CHECK_EQ(faults->watches.failed, 2);
}

}  // namespace orders::test
