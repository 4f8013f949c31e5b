// Creates that are sent again, with and without an Idempotency-Key, over a scripted store.

#include <doctest/doctest.h>

#include <future>
#include <string>
#include <vector>

#include "tests/support/check_problem.h"
#include "tests/support/order_builder.h"
#include "tests/unit/orders/running_routes.h"

namespace orders::test {
namespace {

using nlohmann::json;

const std::string orders_path = "/api/v1/orders";
const std::string batch_path = "/api/v1/orders/batch";

HttpAnswer post_with_key(HttpClient& http, const std::string& path, const std::string& body,
                         const std::string& key = "k-1") {
    return http.send(
        {"POST", path, {{"Content-Type", "application/json"}, {"Idempotency-Key", key}}, body});
}

const std::string first = R"({"order_id":"a","priority":"High","payload":{"to":"x"}})";
const std::string same =
    R"({ "payload" : {"to":"x"}, "priority":"High", "kind":"default", "order_id":"a" })";
const std::string other = R"({"order_id":"a","priority":"High","payload":{"to": "x"}})";

}  // namespace

TEST_CASE("order_routes: a create that is sent again with a key is answered with the order") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    const HttpAnswer created = post_with_key(http, orders_path, first);
    CHECK_EQ(created.status, 200);
    CHECK_FALSE(created.json().contains("duplicate"));

    Order order = routes.script.find("a").value();
    order.status = OrderStatus::processing;
    order.attempts = 1;
    order.worker = "w-1";
    routes.script.put(order);
    // The key itself does not count.
    for (const char* key : {"k-1", "k-2", "\"quoted\"", "!~"}) {
        const HttpAnswer again = post_with_key(http, orders_path, same, key);
        CHECK_EQ(again.status, 200);
        CHECK_EQ(again.header("location"), "orders/a");
        json body = again.json();
        CHECK_EQ(body["duplicate"], true);
        CHECK_EQ(body["status"], "Processing");
        CHECK_EQ(body["worker"], "w-1");
        CHECK_FALSE(body.contains("payload"));
        CHECK_EQ(again.body.find("\"duplicate\":true}\n"), again.body.size() - 18);
    }
    CHECK_EQ(routes.script.commits().front(), std::vector<std::string>{"a"});
}

TEST_CASE("order_routes: another content under the same id is a mismatch if both came with a key") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    CHECK_EQ(post_with_key(http, orders_path, first).status, 200);
    const HttpAnswer answer = post_with_key(http, orders_path, other);
    check_problem(answer, 422, "idempotency-mismatch");
    CHECK_EQ(answer.json()["order_id"], "a");
    CHECK_EQ(answer.json()["order_status"], "Pending");
}

TEST_CASE("order_routes: without a key, then or now, an id that is taken is a conflict") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    CHECK_EQ(post_with_key(http, orders_path, first).status, 200);
    check_problem(http.post(orders_path, first), 409, "order-exists");

    CHECK_EQ(http.post(orders_path, json{{"order_id", "b"}, {"priority", "High"}}).status, 200);
    check_problem(post_with_key(http, orders_path, R"({"order_id":"b","priority":"High"})"), 409,
                  "order-exists");
}

TEST_CASE("order_routes: of many equal creates with a key one creates, and all get the order") {
    RoutesOnScript routes;
    std::vector<std::future<std::string>> answers;
    for (int number = 0; number < 100; ++number) {
        answers.push_back(std::async(std::launch::async, [&] {
            HttpClient http = routes.client();
            const HttpAnswer answer = post_with_key(http, orders_path, first);
            if (answer.status != 200) return std::to_string(answer.status);
            return std::string(answer.json().contains("duplicate") ? "duplicate" : "created");
        }));
    }
    std::multiset<std::string> told;
    for (auto& answer : answers) told.insert(answer.get());
    CHECK_EQ(told.count("created"), 1);
    CHECK_EQ(told.count("duplicate"), 99);
}

TEST_CASE("order_routes: a key that is none is refused before anything is stored") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    const std::string batch = "{\"orders\":[" + first + "]}";
    for (const std::string& key : {std::string(), std::string("a b"), std::string("a\tb"),
                                   std::string("\xc3\xa9"), std::string(256, 'k')}) {
        CAPTURE(key);
        for (const auto& [path, body] : {std::pair(orders_path, first), {batch_path, batch}}) {
            const HttpAnswer answer = post_with_key(http, path, body, key);
            check_problem(answer, 400, "invalid-idempotency-key");
            CHECK_EQ(fields_at_fault(answer.json()), std::set<std::string>{"Idempotency-Key"});
        }
    }
    CHECK_EQ(routes.script.calls(StoreStep::begin), 0);
    CHECK_EQ(post_with_key(http, orders_path, first, std::string(255, 'k')).status, 200);
}

TEST_CASE("order_routes: a batch with a key says of each duplicate whether it is the same") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    CHECK_EQ(post_with_key(http, orders_path, first).status, 200);
    const std::string keyless = R"({"order_id":"b","priority":"High"})";
    CHECK_EQ(http.post(orders_path, keyless).status, 200);
    const std::string batch =
        "{\"orders\":[" + same + "," + other + "," + keyless + R"(,{"order_id":"c"},)" +
        R"({"order_id":"d","priority":"High"},{"order_id":"d","priority":"High"}]})";
    const json results = post_with_key(http, batch_path, batch).json()["results"];
    CHECK_EQ(results[0]["same_content"], true);
    CHECK_EQ(results[1]["same_content"], false);
    CHECK_EQ(results[2]["same_content"], nullptr);
    CHECK_EQ(results[3]["status"], "invalid");
    CHECK_EQ(results[4]["status"], "created");
    CHECK_FALSE(results[4].contains("same_content"));
    CHECK_EQ(results[5]["status"], "duplicate");
    CHECK_EQ(results[5]["same_content"], true);

    const json without_key = http.post(batch_path, batch).json()["results"];
    for (const json& result : without_key) CHECK_FALSE(result.contains("same_content"));
}

TEST_CASE("order_routes: a full queue does not hide that an order stands already") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    CHECK_EQ(post_with_key(http, orders_path, first).status, 200);
    routes.script.set_level({.pending = 1'000'000'000, .free_bytes = {}});
    CHECK_EQ(post_with_key(http, orders_path, same).json()["duplicate"], true);
    check_problem(post_with_key(http, orders_path, other), 422, "idempotency-mismatch");
    check_problem(post_with_key(http, orders_path, R"({"order_id":"b","priority":"High"})"), 429,
                  "queue-full");
}

TEST_CASE("order_routes: an order that cannot be read again is not called a conflict") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    CHECK_EQ(post_with_key(http, orders_path, first).status, 200);
    routes.script.fail(StoreStep::read, StoreError::Kind::busy);
    check_problem(post_with_key(http, orders_path, same), 503, "overloaded");
    CHECK_EQ(post_with_key(http, orders_path, same).status, 200);
}

}  // namespace orders::test
