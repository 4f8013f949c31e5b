// What POST /api/v1/orders takes for an order, rule by rule, and what it says about everything
// else.

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/support/check_problem.h"
#include "tests/support/order_processes.h"

namespace orders::test {
namespace {

using nlohmann::json;
using Fields = std::set<std::string>;

const std::string path = "/api/v1/orders";

// A body whose only fault, if any, is the value of one field, given as JSON text.
std::string body_with(const std::string& field, const std::string& value) {
    std::string body = "{";
    for (const auto& [name, good] : {std::pair<std::string, std::string>{"order_id", "\"1235\""},
                                     {"priority", "\"High\""},
                                     {"processing_time", "1"}}) {
        body += "\"" + name + "\":" + (name == field ? value : good) + ",";
    }
    body.back() = '}';
    return body;
}

std::string quoted(const std::string& text) {
    return "\"" + text + "\"";
}

// Each value must be refused, and the field named.
void check_refused(const std::string& field, const std::vector<std::string>& values) {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    for (const std::string& value : values) {
        CAPTURE(value);
        const HttpAnswer answer = http.post(path, body_with(field, value));
        check_problem(answer, 400, "invalid-order");
        CHECK_EQ(fields_at_fault(answer.json()), Fields{field});
    }
    CHECK_EQ(processes.counts()["Pending"], 0);
}

// None of these bodies is JSON, or none of them an object.
void check_malformed(const std::vector<std::string>& bodies) {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    for (const std::string& body : bodies) {
        const std::string begin_of_body = body.substr(0, 60);
        CAPTURE(begin_of_body);
        check_problem(http.post(path, body), 400, "malformed-body");
    }
    CHECK_EQ(processes.counts()["Pending"], 0);
}

}  // namespace

TEST_CASE(
    "http_order_body: order_id is a letter or digit, then up to 63 letters, digits and . _ : ~ -") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    for (const std::string& id :
         {std::string("a"), std::string("Z"), std::string("0"), std::string(64, 'x'),
          std::string("a._:~-"), std::string("1--")}) {
        CAPTURE(id);
        const HttpAnswer answer = http.post(path, body_with("order_id", quoted(id)));
        CHECK_EQ(answer.status, 200);
        CHECK_EQ(answer.json().value("order_id", ""), id);
    }
    // An escape in JSON is the character it stands for.
    CHECK_EQ(http.post(path, body_with("order_id", R"("\u0062")")).json().value("order_id", ""),
             "b");
}

TEST_CASE("http_order_body: an order_id that breaks the rule is refused") {
    std::vector<std::string> values{R"("")",
                                    R"(" ")",
                                    R"("a b")",
                                    R"(" a")",
                                    R"("a ")",
                                    R"("-a")",
                                    R"(".a")",
                                    R"("_a")",
                                    R"(":a")",
                                    R"("~a")",
                                    R"("a/b")",
                                    R"("../a")",
                                    R"("a%20b")",
                                    R"("a\n")",
                                    R"("a\u0000")",
                                    R"("\u0000")",
                                    R"("a?b")",
                                    R"("a#b")",
                                    R"("a&b")",
                                    R"("a;b")",
                                    R"("a'b")",
                                    R"("a\"b")",
                                    R"("a\\b")",
                                    "\"\u00e9\"",
                                    "\"a\u00e9\"",
                                    R"("\ud83d\ude00")",
                                    "1235",
                                    "1.5",
                                    "true",
                                    "null",
                                    "[]",
                                    R"(["a"])",
                                    "{}"};
    values.push_back(quoted(std::string(65, 'x')));
    values.push_back(quoted(std::string(100'000, 'x')));
    check_refused("order_id", values);
}

TEST_CASE("http_order_body: a priority is High or Normal, spelled so") {
    check_refused("priority",
                  {R"("high")", R"("HIGH")", R"("normal")", R"("Low")", R"("")", R"("High ")",
                   R"("High\u0000")", "0", "1", "true", "null", "[]", R"(["High"])", "{}"});
}

TEST_CASE("http_order_body: a processing_time is a whole number from 1 to 86400") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    for (const int good : {1, 2, 86'399, 86'400}) {
        const HttpAnswer answer =
            http.post(path, order_json("order-" + std::to_string(good), "High", good));
        CHECK_EQ(answer.status, 200);
        CHECK_EQ(answer.json().value("processing_time", 0), good);
    }
}

TEST_CASE("http_order_body: a processing_time that is not a whole number in its range is refused") {
    check_refused("processing_time", {"0",
                                      "-0",
                                      "-1",
                                      "86401",
                                      "1.5",
                                      "0.999999999999999999",
                                      "86400.5",
                                      "1e-1",
                                      "1.0",
                                      "5e0",
                                      "1e5",
                                      "1e300",
                                      "-1e300",
                                      "2147483648",
                                      "4294967297",
                                      "9223372036854775807",
                                      "9223372036854775808",
                                      "-9223372036854775808",
                                      "-9223372036854775809",
                                      "18446744073709551615",
                                      "18446744073709551617",
                                      "100000000000000000000000000000000000000000",
                                      R"("5")",
                                      R"("")",
                                      "true",
                                      "null",
                                      "[]",
                                      "[5]",
                                      "{}"});
}

TEST_CASE("http_order_body: a field that is missing is named, and all faults are named at once") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    for (const char* missing : {"order_id", "priority", "processing_time"}) {
        json order = order_json("1235");
        order.erase(missing);
        const HttpAnswer answer = http.post(path, order);
        check_problem(answer, 400, "invalid-order");
        CHECK_EQ(fields_at_fault(answer.json()), Fields{missing});
    }
    for (const std::string body : {"{}", R"({"order_id":"","priority":"Low","processing_time":0})",
                                   R"({"ORDER_ID":"a","Priority":"High","processingTime":1})"}) {
        const HttpAnswer answer = http.post(path, std::string(body));
        check_problem(answer, 400, "invalid-order");
        CHECK_EQ(fields_at_fault(answer.json()), Fields{"order_id", "priority", "processing_time"});
    }
}

TEST_CASE("http_order_body: unknown fields, white space and the order of fields do not matter") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    const std::vector<std::string> bodies{
        R"({"processing_time":3,"priority":"Normal","order_id":"a"})",
        " \r\n\t{ \"order_id\" : \"b\" ,\n \"priority\":\"High\", \"processing_time\" : 3 }\n ",
        R"({"order_id":"c","priority":"High","processing_time":3,"note":"x","status":"Processed",
            "attempts":99,"nested":{"order_id":"no","a":[1,2,{"b":null}]},"":0})"};
    for (const std::string& body : bodies) {
        CAPTURE(body);
        const HttpAnswer answer = http.post(path, body);
        CHECK_EQ(answer.status, 200);
        CHECK_EQ(answer.json().value("status", ""), "Pending");
        CHECK_EQ(answer.json().value("attempts", -1), 0);
        CHECK(!answer.json().contains("note"));
    }
}

TEST_CASE("http_order_body: a field that is given twice is refused, whatever it says") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    for (const std::string body :
         {R"({"order_id":"a","order_id":"b","priority":"High","processing_time":1})",
          R"({"order_id":"a","order_id":"a","priority":"High","processing_time":1})",
          R"({"order_id":"a","priority":"High","priority":"Normal","processing_time":1})",
          R"({"order_id":"a","priority":"High","processing_time":1,"processing_time":2})",
          R"({"order_id":"a","\u006frder_id":"b","priority":"High","processing_time":1})"}) {
        CAPTURE(body);
        const HttpAnswer answer = http.post(path, std::string(body));
        CHECK_EQ(answer.status, 400);
        check_tells_no_internals(answer);
    }
    CHECK_EQ(processes.counts()["Pending"], 0);
}

TEST_CASE("http_order_body: a body that is not JSON, or not an object, is malformed") {
    check_malformed({"",
                     " ",
                     "{",
                     "}",
                     "{}{}",
                     "nonsense",
                     "null",
                     "true",
                     "17",
                     "\"text\"",
                     "[]",
                     "[{}]",
                     "{'order_id':'a'}",
                     "{\"order_id\":}",
                     "{\"order_id\":\"a\",}",
                     "{order_id:\"a\"}",
                     "{\"order_id\":\"a}",
                     "/* */{}",
                     "{} // end",
                     "{\"a\":NaN}",
                     "{\"a\":01}",
                     "{\"a\":+1}",
                     "{\"a\":1.}",
                     "{\"a\":0x1}",
                     "{\"a\":1e400}",
                     "order_id=a&priority=High",
                     "<order/>",
                     std::string(1, '\0'),
                     order_json("first").dump() + std::string("\0{}", 3)});
}

TEST_CASE("http_order_body: a body that is not UTF-8 is malformed") {
    check_malformed({body_with("order_id", "\"a\xff\""), body_with("order_id", "\"\xc0\xaf\""),
                     body_with("order_id", "\"\xed\xa0\x80\""),
                     body_with("order_id", "\"\xe2\x82\""), body_with("order_id", R"("\ud800")"),
                     body_with("order_id", R"("\udc00x")"), std::string("\xff\xfe{\0}\0", 6),
                     body_with("order_id", "\"\xf5\x80\x80\x80\"")});
}

TEST_CASE("http_order_body: a body that is nested deeply is refused, and the API goes on") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    std::string objects;
    for (int i = 0; i < 150'000; ++i) objects += "{\"a\":";
    for (const std::string& deep :
         {std::string(1'000'000, '['), objects,
          std::string(500'000, '[') + std::string(500'000, ']'),
          body_with("order_id", std::string(400'000, '[') + std::string(400'000, ']'))}) {
        const HttpAnswer answer = http.post(path, deep);
        CHECK_EQ(answer.status, 400);
        check_tells_no_internals(answer);
    }
    CHECK_EQ(http.post(path, order_json("1235")).status, 200);
}

}  // namespace orders::test
