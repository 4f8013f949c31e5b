// An API that dies without a word, right after its answer: what it has acknowledged is there. How
// it dies at any other moment, under load, is in kill_storm_test.cpp.

#include <doctest/doctest.h>

#include <string>

#include "tests/support/order_processes.h"

namespace orders::test {

TEST_CASE("api_killed: an order is there after the API was killed right after its answer") {
    OrderProcesses processes;
    for (int i = 0; i < 5; ++i) {
        ChildProcess& api = processes.start_api();
        processes.submit(order_json("order-" + std::to_string(i)));
        api.kill();
    }
    processes.start_api();
    CHECK_EQ(processes.counts()["Pending"], 5);
    processes.start_worker();
    processes.counts_when_finished(5);
}

}  // namespace orders::test
