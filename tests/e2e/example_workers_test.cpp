// The examples of workers that pull, in each language: they do their orders, and do not stumble
// over what they cannot do, what they have lost, or a stop.

#include <doctest/doctest.h>
#include <signal.h>

#include <string>

#include "tests/support/eventually.h"
#include "tests/support/example_worker.h"
#include "tests/support/order_processes.h"
#include "tests/support/skipped.h"

namespace orders::test {
namespace {

using nlohmann::json;

void submit(OrderProcesses& processes, const std::string& id, const json& payload) {
    processes.submit(
        {{"order_id", id}, {"priority", "High"}, {"kind", "greet"}, {"payload", payload}});
}

void wait_until_processing(OrderProcesses& processes, const std::string& id) {
    eventually(
        patience, [&] { return processes.order(id); },
        [](const json& order) { return order["status"] == "Processing"; });
}

// `lost_seconds`: how long the work takes during which the lease is lost. If it is longer than
// anyone waits here, only a worker that hears of it goes on.
void check_example(const ExampleWorker& example, int lost_seconds) {
    if (!can_run(example)) return skipped("needs " + example.language);
    OrderProcesses processes;
    processes.start_api({}, {{"API_TOKENS", "an-example-of-a-token"}});
    const int guarded = processes.port();
    processes.start_api();
    const auto worker =
        start_example(example, guarded, "example",
                      {{"ORDERS_TOKEN", "an-example-of-a-token"}, {"LEASE_SECONDS", "5"}});
    // Without the token it does not go on asking.
    const auto stranger = start_example(example, guarded, "stranger");

    submit(processes, "ann", {{"name", "Ann"}});
    submit(processes, "nobody", {{"mane", "Ann"}});
    submit(processes, "nothing", nullptr);
    const json ann = processes.finished_order("ann");
    CHECK_EQ(ann["status"], "Processed");
    CHECK_EQ(ann["result"], json{{"greeting", "hello, Ann"}});
    CHECK_EQ(ann["worker"], "api:example");
    CHECK_EQ(processes.finished_order("nobody")["failure"], "cannot_greet");
    CHECK_EQ(processes.finished_order("nothing")["failure"], "cannot_greet");

    submit(processes, "lost", {{"name", "Ben"}, {"seconds", lost_seconds}});
    wait_until_processing(processes, "lost");
    REQUIRE_EQ(processes.client().send({"POST", "/api/v1/orders/lost/cancel"}).status, 200);
    submit(processes, "held", {{"name", "Cat"}, {"seconds", 2}});
    wait_until_processing(processes, "held");
    worker->wait_for_line("lost", patience);
    CHECK_EQ(processes.order("lost")["status"], "Cancelled");

    worker->signal(SIGTERM);
    submit(processes, "left", {{"name", "Dan"}});
    CHECK_EQ(worker->wait_exit(patience), exited(0));
    const json held = processes.order("held");
    CHECK_EQ(held["status"], "Processed");
    CHECK_EQ(held["attempts"], 1);
    CHECK_EQ(processes.order("left")["status"], "Pending");
    CHECK_EQ(stranger->wait_exit(patience), exited(1));
}

}  // namespace

TEST_CASE(
    "example_workers: the one in sh does its orders, drops what it lost, finishes at a stop") {
    check_example(sh_worker, 1);
}

TEST_CASE("example_workers: the one in Python, which hears of a lost lease while it works") {
    check_example(python_worker, 3'600);
}

TEST_CASE("example_workers: the one in JavaScript, which hears of a lost lease while it works") {
    check_example(javascript_worker, 3'600);
}

TEST_CASE("example_workers: the one in Java, which hears of a lost lease while it works") {
    check_example(java_worker, 3'600);
}

}  // namespace orders::test
