// The examples of workers that pull, and the API that they pull from, die without a word: no order
// is lost, and none is done twice at a time.

#include <doctest/doctest.h>
#include <signal.h>

#include <map>
#include <string>

#include "tests/support/eventually.h"
#include "tests/support/example_worker.h"
#include "tests/support/order_processes.h"
#include "tests/support/skipped.h"
#include "tests/support/store_audit.h"

namespace orders::test {
namespace {

using nlohmann::json;

void submit(OrderProcesses& processes, const std::string& id, int seconds) {
    processes.submit({{"order_id", id},
                      {"priority", "High"},
                      {"kind", "greet"},
                      {"payload", {{"name", "Ann"}, {"seconds", seconds}}}});
}

json order_in_work(OrderProcesses& processes, const std::string& id) {
    return eventually(
        patience, [&] { return processes.order(id); },
        [](const json& order) { return order["status"] == "Processing"; });
}

void check_example(const ExampleWorker& example) {
    if (!can_run(example)) return skipped("needs " + example.language);
    OrderProcesses processes;
    ChildProcess* api = &processes.start_api();
    const OrderProcesses::Flags same_port{"--port", std::to_string(processes.port())};
    const std::map<std::string, std::string> short_lease{{"LEASE_SECONDS", "5"}};
    const auto one = start_example(example, processes.port(), "one", short_lease);
    const auto two = start_example(example, processes.port(), "two", short_lease);

    submit(processes, "orphan", 2);
    const bool is_with_one = order_in_work(processes, "orphan")["worker"] == "api:one";
    (is_with_one ? one : two)->kill();
    ChildProcess& survivor = is_with_one ? *two : *one;
    const json orphan = processes.finished_order("orphan");
    CHECK_EQ(orphan["status"], "Processed");
    CHECK_EQ(orphan["attempts"], 2);
    CHECK_EQ(orphan["worker"], is_with_one ? "api:two" : "api:one");
    CHECK_EQ(orphan["attempt_history"][0]["outcome"], "lease_expired");

    // The API dies while an order is in work, and its end is told to the next one.
    submit(processes, "kept", 2);
    (void)order_in_work(processes, "kept");
    api->kill();
    api = &processes.start_api(same_port);
    const json kept = processes.finished_order("kept");
    CHECK_EQ(kept["status"], "Processed");
    CHECK_EQ(kept["attempts"], 1);
    // It dies while the worker waits for orders, which come from the next one.
    api->kill();
    processes.start_api(same_port);
    submit(processes, "next", 0);
    CHECK_EQ(processes.finished_order("next")["attempts"], 1);

    survivor.signal(SIGTERM);
    CHECK_EQ(survivor.wait_exit(patience), exited(0));
    processes.stop_all();
    check_every_order_ended(processes.database(), {"orphan", "kept", "next"});
}

}  // namespace

TEST_CASE("example_workers_killed: the one in sh dies, and so does its API") {
    check_example(sh_worker);
}

TEST_CASE("example_workers_killed: the one in Python dies, and so does its API") {
    check_example(python_worker);
}

TEST_CASE("example_workers_killed: the one in JavaScript dies, and so does its API") {
    check_example(javascript_worker);
}

TEST_CASE("example_workers_killed: the one in Java dies, and so does its API") {
    check_example(java_worker);
}

}  // namespace orders::test
