// The model check itself: what is wrong in a store must be noticed.

#include "tests/faults/model_check.h"

#include <doctest/doctest.h>

#include "tests/support/order_processes.h"

namespace orders::test {

TEST_CASE("model_check: an order that has ended twice is noticed, and so is a counter") {
    OrderProcesses processes;
    start_recorded_api(processes);
    processes.start_worker();
    processes.submit(order_json("a"));
    processes.finished_order("a");
    processes.stop_all();
    check_promises(evidence_of(processes, {"a"}));

    run_sql(processes.database(), "UPDATE orders SET status = 4 WHERE order_id = 'a'");
    const Findings findings = broken_promises(evidence_of(processes, {"a", "lost"}));
    CHECK(has_finding(findings, "acknowledged and lost: 1: lost"));
    CHECK(has_finding(findings, "ended more than once: 1: a"));
    CHECK(has_finding(findings, "steps outside the life cycle: 1: "));
    CHECK(has_finding(findings, "counters "));
}

}  // namespace orders::test
