// What is at fault in the body of POST /api/v1/orders reaches the client by name, and nothing of it
// reaches the store. What may be in each field, value by value, is in
// unit/orders/order_json_test.cpp.

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "tests/support/check_problem.h"
#include "tests/support/order_processes.h"

namespace orders::test {
namespace {

using nlohmann::json;
using Fields = std::set<std::string>;

const std::string path = "/api/v1/orders";

}  // namespace

TEST_CASE("http_order_body: a field at fault is named, and the order is not stored") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    const json good = order_json("good");
    json bad_id = good;
    bad_id["order_id"] = "a b";
    json bad_priority = good;
    bad_priority["priority"] = "high";
    json bad_time = good;
    bad_time["processing_time"] = 86'401;
    struct Row {
        json body;
        Fields at_fault;
    };
    for (const Row& row :
         {Row{bad_id, {"order_id"}}, Row{bad_priority, {"priority"}},
          Row{bad_time, {"processing_time"}}, Row{json::object(), {"order_id", "priority"}}}) {
        CAPTURE(row.body);
        const HttpAnswer answer = http.post(path, row.body);
        check_problem(answer, 400, "invalid-order");
        CHECK_EQ(fields_at_fault(answer.json()), row.at_fault);
    }
    CHECK_EQ(processes.counts()["Pending"], 0);
    CHECK_EQ(http.post(path, good).status, 200);
}

TEST_CASE("http_order_body: a body that is not JSON is malformed, however deeply it is nested") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    for (const std::string& body : {std::string("order_id=a&priority=High"), std::string("\xff"),
                                    std::string(1'000'000, '[')}) {
        const std::string begin_of_body = body.substr(0, 60);
        CAPTURE(begin_of_body);
        check_problem(http.post(path, body), 400, "malformed-body");
    }
    CHECK_EQ(processes.counts()["Pending"], 0);
    CHECK_EQ(http.post(path, order_json("good")).status, 200);
}

}  // namespace orders::test
