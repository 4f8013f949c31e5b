// What ./dev demo and the profile `demo` of compose send: orders that end in every way.

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <sstream>
#include <string>

#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/skipped.h"

namespace orders::test {
namespace {

const std::string demo_program = std::string(ORDERS_SOURCE_DIR) + "/shared/packaging/demo/demo.sh";

// What orders have come to so far: statuses, reasons, and other things worth seeing.
std::set<std::string> seen_in(const nlohmann::json& orders) {
    std::set<std::string> seen;
    for (const nlohmann::json& order : orders) {
        const std::string status = order["status"];
        seen.insert(status);
        seen.insert(std::string(order["priority"]));
        if (order["failure"].is_string()) seen.insert(std::string(order["failure"]));
        if (!order["waiting_for"].is_null()) seen.insert("waits");
        if (status == "Processed" && order["attempts"] > 1) seen.insert("tried again");
    }
    return seen;
}

}  // namespace

TEST_CASE("demo: within a minute there are orders of every status and for every reason") {
    if (::access("/usr/bin/curl", X_OK) != 0) return skipped("curl is not installed");
    OrderProcesses processes;
    processes.start_api();
    // A pile keeps it busy for longer than the orders behind it may wait.
    processes.start_worker({"--time-unit-ms", "400"});
    const std::string url = "http://127.0.0.1:" + std::to_string(processes.port());
    ChildProcess demo(demo_program, {url}, {{"DEMO_PAUSE_SECONDS", "0.01"}});

    const std::set<std::string> wanted{"Pending",        "Processing", "Processed", "Failed",
                                       "Cancelled",      "High",       "Normal",    "card_declined",
                                       "timeout",        "expired",    "waits",     "tried again",
                                       "no_such_mailbox"};
    std::set<std::string> seen;
    HttpClient client = processes.client();
    eventually(std::chrono::minutes(1), [&] {
        seen.merge(seen_in(client.get("/api/v1/orders?limit=1000").json()["orders"]));
        return std::ranges::includes(seen, wanted);
    });
    CHECK(demo.output().starts_with("==> orders come in; watch them at " + url + "/ui/\n"));
    demo.signal(SIGINT);
    CHECK_EQ(demo.wait_exit(patience), exited(0));
    CHECK_EQ(demo.error_lines().size(), 0);
}

TEST_CASE("demo: it waits for an API that is not up yet, and while nobody works its orders off") {
    if (::access("/usr/bin/curl", X_OK) != 0) return skipped("curl is not installed");
    OrderProcesses processes;
    ChildProcess& api = processes.start_api();
    const int port = processes.port();
    api.signal(SIGTERM);
    CHECK_EQ(api.wait_exit(patience), exited(0));
    const std::string url = "http://127.0.0.1:" + std::to_string(port);
    ChildProcess demo(demo_program, {url, "http://orders.example.com"},
                      {{"DEMO_PAUSE_SECONDS", "0"}});
    processes.start_api({"--port", std::to_string(port)});
    const std::string waits =
        "==> orders come in; watch them at http://orders.example.com/ui/\n"
        "==> more than 100 orders are Pending; no more come until they are fewer\n";
    eventually(patience, [&] { return demo.output() == waits; });
    // It looks after each round of 20 steps, which are fewer than 50 orders.
    const int pending = processes.counts()["Pending"];
    CHECK_GT(pending, 100);
    CHECK_LE(pending, 150);
    processes.start_worker();
    eventually(patience, [&] { return processes.counts()["Processed"] > 150; });
    demo.signal(SIGTERM);
    CHECK_EQ(demo.wait_exit(patience), exited(0));
}

TEST_CASE("demo: it says so and ends if the API asks for a token") {
    if (::access("/usr/bin/curl", X_OK) != 0) return skipped("curl is not installed");
    OrderProcesses processes;
    processes.start_api({}, {{"API_TOKENS", "s3cret-0123456789"}});
    ChildProcess demo(demo_program, {"http://127.0.0.1:" + std::to_string(processes.port())}, {});
    CHECK_EQ(demo.wait_exit(patience), exited(0));
    CHECK_EQ(demo.output(),
             "==> the API asks for a token, which the demonstration does not have; it has ended\n");
}

}  // namespace orders::test
