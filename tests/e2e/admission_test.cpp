// Admission control as clients see it: what an API answers when its workers fall behind. A disk
// that runs full is in faults/free_space_floor_test.cpp.

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/check_problem.h"
#include "tests/support/order_processes.h"

namespace orders::test {

using nlohmann::json;

TEST_CASE("admission: a full queue refuses new orders until some are done") {
    OrderProcesses processes;
    processes.set("API_MAX_PENDING_ORDERS", "5");
    processes.start_api();
    HttpClient http = processes.client();
    for (int i = 0; i < 5; ++i) processes.submit(order_json("order-" + std::to_string(i)));

    const HttpAnswer refused = http.post("/api/v1/orders", order_json("one-too-many"));
    check_problem(refused, 429, "queue-full");
    CHECK_EQ(refused.header("retry-after"), "1");
    const json batch{{"orders", {order_json("a"), order_json("b")}}};
    check_problem(http.post("/api/v1/orders/batch", batch), 429, "queue-full");
    CHECK_EQ(http.get("/api/v1/orders/one-too-many").status, 404);
    CHECK_EQ(http.get("/api/v1/orders/a").status, 404);
    CHECK_EQ(http.get("/readyz").status, 200);  // it is healthy

    processes.start_worker();
    processes.counts_when_finished(5);
    processes.submit(order_json("one-too-many"));
    CHECK_EQ(http.post("/api/v1/orders/batch", batch).status, 200);
    CHECK_FALSE(processes.lines_with(" orders refused ").empty());
}

}  // namespace orders::test
