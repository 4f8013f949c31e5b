// Clients of events that others have written: curl, and the npm package `eventsource`.

#include <doctest/doctest.h>
#include <unistd.h>

#include <string>

#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"
#include "tests/support/proxy_program.h"
#include "tests/support/skipped.h"

namespace orders::test {
namespace {

constexpr const char* curl_program = "/usr/bin/curl";
constexpr const char* node_program = "/usr/bin/node";
const std::string packages = std::string(ORDERS_SOURCE_DIR) + "/build/event_clients";
const std::string package = packages + "/node_modules/eventsource";
// ./dev puts it there when all of them are.
const std::string sign_of_packages = packages + "/installed.json";

std::string address_at(int port) {
    return "http://127.0.0.1:" + std::to_string(port) + "/api/v1/events";
}

void wait_for(ChildProcess& client, const std::string& text) {
    eventually(patience, [&] { return client.output().find(text) != std::string::npos; });
}

}  // namespace

TEST_CASE("event_clients: curl shows events as they come") {
    if (::access(curl_program, X_OK) != 0) return skipped("curl is not installed");
    OrderProcesses processes;
    processes.start_api();
    ChildProcess& curl =
        processes.launch(curl_program, {"--silent", "--no-buffer", address_at(processes.port())});
    wait_for(curl, "event: hello");
    processes.submit(order_json("a"));
    wait_for(curl, "\"order_id\":\"a\"");
    curl.kill();
}

TEST_CASE("event_clients: an EventSource comes back by itself and misses nothing") {
    if (::access(node_program, X_OK) != 0 || ::access(sign_of_packages.c_str(), R_OK) != 0) {
        return skipped("the npm package eventsource is not installed");
    }
    OrderProcesses processes;
    const std::string port = std::to_string(port_to_keep());
    ChildProcess* api = &processes.start_api({"--port", port});
    ChildProcess& client = processes.launch(
        node_program, {std::string(ORDERS_SOURCE_DIR) + "/tests/e2e/event_clients/listen.mjs",
                       address_at(processes.port()), package});
    wait_for(client, "hello\n");
    processes.submit(order_json("before"));
    wait_for(client, "order before Pending\n");
    api->kill();
    processes.start_worker();
    processes.start_api({"--port", port});
    processes.submit(order_json("after"));
    wait_for(client, "order before Processed\n");
    wait_for(client, "order after Processed\n");
    CHECK(client.output().find("gap") == std::string::npos);
    client.kill();
}

}  // namespace orders::test
