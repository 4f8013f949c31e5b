// A PostgreSQL server that stands still, as a virtual machine does that is moved: connections are
// open, and nothing is answered. It must not keep clients waiting for ever.

#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <iostream>
#include <string>
#include <vector>

#include "tests/support/dose.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/postgres_server.h"

namespace orders::test {
namespace {

using namespace std::chrono_literals;

}  // namespace

// In the short form it goes on before anybody has given it up, and all is well.
TEST_CASE("postgres_frozen: requests are answered though the server stands still") {
    if (is_postgres_missing()) return;
    PostgresServer server(PostgresServer::Sync::off);
    OrderProcesses processes;
    processes.set("DATABASE_URL", server.make_database("orders"));
    processes.start_api();
    processes.submit(order_json("before"));
    (void)processes.order("before");
    const auto send = [&](const HttpCall& call) {
        return std::async(std::launch::async,
                          [&processes, call] { return processes.client().attempt(call); });
    };
    server.freeze();
    const auto begin = std::chrono::steady_clock::now();
    auto created = send({"POST",
                         "/api/v1/orders",
                         {{"Content-Type", "application/json"}},
                         order_json("meanwhile").dump()});
    // More than the API has threads for, to which each of them would be lost one after the other.
    std::vector<std::future<HttpOutcome>> found;
    for (int reader = 0; reader < 100; ++reader) {
        found.push_back(send({"GET", "/api/v1/orders/before"}));
    }
    (void)created.wait_for(is_long_form() ? patience : 1s);
    const int expected = is_long_form() ? 503 : 200;
    if (is_long_form()) {
        for (auto& outcome : found) outcome.wait();
        CHECK_EQ(status_of(send({"GET", "/livez"}).get()), 200);
    }
    const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - begin;
    server.thaw();
    CHECK_EQ(status_of(created.get()), expected);
    for (auto& outcome : found) CHECK_EQ(status_of(outcome.get()), expected);
    HttpClient http = processes.client();
    eventually(patience, [&] { return status_of(http.attempt({"GET", "/readyz"})) == 200; });
    processes.submit(order_json("after"));
    std::cout << "a server stood still for " << waited.count() << " s" << std::endl;
}

}  // namespace orders::test
