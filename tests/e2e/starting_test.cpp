// Starting while another process has its turn to write and does not end it: it may be frozen, or
// bring a large store up to date. What waits says for what, and can be stopped.

#include <doctest/doctest.h>
#include <signal.h>

#include <optional>
#include <string>

#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/store_blockers.h"

namespace orders::test {

TEST_CASE(
    "starting: a program that waits for another's write says so, and stops at once if asked") {
    for (const std::string& program : {api_program(), worker_program()}) {
        OrderProcesses processes;
        const TurnstileBlocker blocker(processes.database());
        ChildProcess& waiting = processes.launch(program, {});
        const std::string line = waiting.wait_for_line(" waiting for another process", patience);
        CHECK_EQ(log_field(line, "file"), processes.database());
        waiting.signal(SIGTERM);
        CHECK_EQ(waiting.wait_exit(patience), exited(0));
    }
}

TEST_CASE(
    "starting: a program that waits for one that starts says so, and stops at once if asked") {
    OrderProcesses processes;
    const TurnstileBlocker blocker(processes.database());
    ChildProcess& first = processes.launch(api_program(), {});
    first.wait_for_line(" waiting for another process", patience);
    ChildProcess& second = processes.launch(worker_program(), {});
    second.wait_for_line(" another program has the store to itself", patience);
    second.signal(SIGTERM);
    CHECK_EQ(second.wait_exit(patience), exited(0));
}

TEST_CASE("starting: a program that waits for another's write goes on when that is over") {
    OrderProcesses processes;
    std::optional<TurnstileBlocker> blocker(processes.database());
    ChildProcess& api = processes.launch(api_program(), {});
    api.wait_for_line(" waiting for another process", patience);
    CHECK_EQ(api.count_lines(" listening "), 0);
    blocker.reset();
    api.wait_for_line(" listening ", patience);
}

}  // namespace orders::test
