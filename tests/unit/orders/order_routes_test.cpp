// The routes on a real server, over a real store or over one that fails as it is told. The whole
// contract, on the program itself, is in tests/e2e.

#include "api/orders/order_routes.h"

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/check_problem.h"
#include "tests/unit/orders/running_routes.h"

namespace orders::test {
namespace {

using nlohmann::json;

const std::string orders_path = "/api/v1/orders";
const std::string batch_path = "/api/v1/orders/batch";

json order_body(const std::string& id) {
    return {{"order_id", id}, {"priority", "High"}, {"processing_time", 7}};
}

HttpAnswer post_as(HttpClient& http, const std::string& path, const HeaderList& headers,
                   const std::string& id) {
    const json order = order_body(id);
    const json body = path == batch_path ? json{{"orders", {order}}} : order;
    return http.send({"POST", path, headers, body.dump()});
}

}  // namespace

TEST_CASE("order_routes: a new order is answered with itself, the clock's time, and its location") {
    RoutesOnStore routes;
    HttpClient http = routes.client();
    const HttpAnswer created = http.post(orders_path, order_body("A-1"));
    CHECK_EQ(created.status, 200);
    CHECK_EQ(created.header("content-type"), "application/json; charset=utf-8");
    CHECK_EQ(created.header("location"), "orders/A-1");
    CHECK_EQ(created.body,
             R"({"order_id":"A-1","priority":"High","processing_time":7,"status":"Pending",)"
             R"("attempts":0,"created_at":"2026-11-22T13:04:05.678Z","started_at":null,)"
             R"("finished_at":null,"worker":null,"failure":null,"kind":"default","due_at":null,)"
             R"("waiting_for":null,"failure_detail":null})"
             "\n");
    const std::string order = created.body.substr(0, created.body.size() - 1);
    CHECK(http.get("/api/v1/orders/A-1").body.starts_with(order.substr(0, order.size() - 1) + ","));
    CHECK_EQ(http.get(orders_path).body, R"({"orders":[)" + order +
                                             R"(],"next_cursor":null})"
                                             "\n");
}

TEST_CASE("order_routes: every body ends with a line feed, that of a problem too") {
    RoutesOnStore routes;
    HttpClient http = routes.client();
    for (const HttpAnswer& answer :
         {http.post(orders_path, order_body("A-1")), http.post(orders_path, order_body("A-1")),
          http.post(orders_path, json::object()), http.post(batch_path, json::array()),
          http.post(batch_path, json{{"orders", {order_body("A-2")}}}), http.get(orders_path),
          http.get("/api/v1/orders/A-1"), http.get("/api/v1/orders/none"), http.get("/nowhere"),
          http.get("/api/v1/report"), http.get("/livez"), http.get("/readyz"), http.get("nothing"),
          http.send({"BREW", "/livez"}), http.send({"DELETE", "/livez"})}) {
        CAPTURE(answer.body);
        CHECK_EQ(answer.body.find('\n'), answer.body.size() - 1);
    }
}

TEST_CASE("order_routes: HEAD is answered as GET is, without the body") {
    RoutesOnStore routes;
    HttpClient http = routes.client();
    CHECK_EQ(http.post(orders_path, order_body("A-1")).status, 200);
    RawConnection connection(routes.port());
    for (const char* path : {"/api/v1/orders/A-1", "/api/v1/orders/none", "/api/v1/orders",
                             "/api/v1/report", "/livez", "/readyz"}) {
        CAPTURE(path);
        const HttpAnswer with_body = http.get(path);
        connection.send("HEAD " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n");
        const HttpAnswer head = answer_of(connection.read_answer(patience, false));
        CHECK_EQ(head.status, with_body.status);
        CHECK_EQ(head.header("content-type"), with_body.header("content-type"));
        CHECK_EQ(head.header("content-length"), std::to_string(with_body.body.size()));
    }
}

TEST_CASE("order_routes: an id that is taken is answered with that order's status") {
    RoutesOnStore routes;
    HttpClient http = routes.client();
    CHECK_EQ(http.post(orders_path, order_body("A-1")).status, 200);
    const auto status_now = [&] {
        const HttpAnswer answer = http.post(orders_path, order_body("A-1"));
        check_problem(answer, 409, "order-exists");
        CHECK_EQ(answer.json()["order_id"], "A-1");
        CHECK_FALSE(answer.header("location").has_value());
        return answer.json().value("order_status", "");
    };
    CHECK_EQ(status_now(), "Pending");
    const auto worker = routes.storage->open_worker();
    const WorkerId id = worker->enlist({"w", "host", 1}, patience);
    const auto claimed =
        worker->take_turn({.worker = id, .lease_time = patience, .claim = {.limit = 1}}).claimed;
    CHECK_EQ(status_now(), "Processing");
    const auto settled =
        worker
            ->take_turn({.worker = id,
                         .lease_time = patience,
                         .settlements = {{claimed.at(0).lease, Failure{"timeout"}}}})
            .settled;
    CHECK(settled.at(0) == SettleOutcome::settled);
    CHECK_EQ(status_now(), "Failed");
}

TEST_CASE("order_routes: a batch is answered order by order, and what is invalid spoils nothing") {
    RoutesOnStore routes;
    HttpClient http = routes.client();
    CHECK_EQ(http.post(orders_path, order_body("old")).status, 200);
    json bad = order_body("bad");
    bad["priority"] = "Low";
    const json body{{"orders", {order_body("new"), bad, order_body("old"), 17, order_body("new")}}};
    const HttpAnswer answer = http.post(batch_path, body);
    CHECK_EQ(answer.status, 200);
    CHECK_FALSE(answer.header("location").has_value());
    const json results = answer.json()["results"];
    REQUIRE_EQ(results.size(), 5);
    std::vector<std::string> statuses;
    for (const json& result : results) statuses.push_back(result.value("status", ""));
    CHECK_EQ(statuses,
             std::vector<std::string>{"created", "invalid", "duplicate", "invalid", "duplicate"});
    CHECK_EQ(fields_at_fault(results[1]), std::set<std::string>{"priority"});
    CHECK_EQ(results[2]["order_status"], "Pending");
    CHECK_EQ(results[3]["order_id"], nullptr);
    CHECK_EQ(http.get("/api/v1/report").json()["counts"]["Pending"], 2);
    CHECK_EQ(http.get("/api/v1/orders/bad").status, 404);
}

TEST_CASE("order_routes: a batch without a valid order is answered without asking the store") {
    RoutesOnScript routes;
    const HttpAnswer answer =
        routes.client().post(batch_path, json{{"orders", {1, json::object()}}});
    CHECK_EQ(answer.status, 200);
    CHECK_EQ(answer.json()["results"].size(), 2);
    CHECK_EQ(routes.script.calls(StoreStep::begin), 0);
}

TEST_CASE("order_routes: batch is an order id as good as any other") {
    RoutesOnStore routes;
    HttpClient http = routes.client();
    check_problem(http.get(batch_path), 404, "order-not-found");
    const HttpAnswer created = http.post(orders_path, order_body("batch"));
    CHECK_EQ(created.status, 200);
    CHECK_EQ(http.get("/api/v1/" + created.header("location").value()).json()["order_id"], "batch");
}

TEST_CASE("order_routes: an order that is not there is not found, whatever its id looks like") {
    RoutesOnStore routes;
    HttpClient http = routes.client();
    for (const std::string& id :
         {std::string("none"), std::string("-"), std::string("a%00b"), std::string("%FF"),
          std::string("a%20b"), std::string(65, 'x'), std::string("'%3B--")}) {
        CAPTURE(id);
        const HttpAnswer answer = http.get(orders_path + "/" + id);
        check_problem(answer, 404, "order-not-found");
        // It may have been there: nobody remembers what retention has deleted.
        CHECK_EQ(answer.json()["detail"], "There is no order with this id, or it was deleted.");
    }
}

TEST_CASE("order_routes: orders are taken as application/json, in any case, with any parameter") {
    RoutesOnStore routes;
    HttpClient http = routes.client();
    int number = 0;
    for (const std::string& path : {orders_path, batch_path}) {
        for (const char* type : {"application/json", "application/json; charset=utf-8",
                                 "application/json;charset=UTF-8", "APPLICATION/JSON",
                                 "Application/Json ; x=y", "application/json;"}) {
            CAPTURE(type);
            const std::string id = "order-" + std::to_string(number++);
            CHECK_EQ(post_as(http, path, {{"Content-Type", type}}, id).status, 200);
            CHECK_EQ(http.get(orders_path + "/" + id).status, 200);
        }
    }
}

TEST_CASE("order_routes: anything but JSON is refused before it is read") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    for (const std::string& path : {orders_path, batch_path}) {
        check_problem(post_as(http, path, {}, "a"), 415, "unsupported-media-type");
        for (const char* type :
             {"text/json", "text/plain", "application/x-www-form-urlencoded", "application/jsonx",
              "application/json-patch+json", "application/problem+json", "application", "json", ";",
              "multipart/form-data; boundary=x", "text/plain; application/json"}) {
            CAPTURE(type);
            check_problem(post_as(http, path, {{"Content-Type", type}}, "a"), 415,
                          "unsupported-media-type");
        }
    }
    CHECK_EQ(routes.script.calls(StoreStep::begin), 0);
}

TEST_CASE("order_routes: a body that cannot be used is a problem that names the fields at fault") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    HttpAnswer answer = http.post(orders_path, std::string(R"({"order_id":"a","priority":"Low"})"));
    check_problem(answer, 400, "invalid-order");
    CHECK_EQ(fields_at_fault(answer.json()), std::set<std::string>{"priority"});

    answer = http.post(orders_path, std::string("{\"order_id\":\"a"));
    check_problem(answer, 400, "malformed-body");
    CHECK_FALSE(answer.json().contains("errors"));

    answer = http.post(batch_path, std::string(R"({"orders":{}})"));
    check_problem(answer, 400, "malformed-body");
    CHECK_EQ(fields_at_fault(answer.json()), std::set<std::string>{"orders"});
    CHECK_EQ(routes.script.calls(StoreStep::begin), 0);
}

TEST_CASE("order_routes: an invalid query is a problem that names the parameters at fault") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    struct Query {
        std::string text;
        std::set<std::string> at_fault;
    };
    for (const Query& query :
         std::vector<Query>{{"status=pending", {"status"}},
                            {"status=%20", {"status"}},
                            {"status=Pending,Failed", {"status"}},
                            {"priority=Low", {"priority"}},
                            {"priority=High%00", {"priority"}},
                            {"limit=0", {"limit"}},
                            {"limit=1001", {"limit"}},
                            {"limit=-1", {"limit"}},
                            {"limit=%2B1", {"limit"}},
                            {"limit=1.0", {"limit"}},
                            {"limit=1x", {"limit"}},
                            {"kind=Mail", {"kind"}},
                            {"kind=" + std::string(33, 'a'), {"kind"}},
                            {"reason=No%20such", {"reason"}},
                            {"reason=" + std::string(65, 'a'), {"reason"}},
                            {"status=Canceled", {"status"}},
                            {"created_after=2026-11-22", {"created_after"}},
                            // A plus that is not encoded is a blank.
                            {"created_before=2026-11-22T14:04:05+01:00", {"created_before"}},
                            {"created_after=1&created_before=2&kind=.&reason=-%2F&payload=1",
                             {"created_after", "created_before", "kind", "reason", "payload"}},
                            {"page", {"page"}},
                            {"=", {""}},
                            {"limit=99999999999999999999999", {"limit"}},
                            {"cursor=0", {"cursor"}},
                            {"cursor=-1", {"cursor"}},
                            {"cursor=abc", {"cursor"}},
                            {"cursor=9223372036854775808", {"cursor"}},
                            {"page=2", {"page"}},
                            {"Limit=5", {"Limit"}},
                            {"limit=5&limit=5", {"limit"}},
                            {"status=Pending&status=Failed", {"status"}},
                            {"status=Pending&priority=&status=Pending", {"status"}},
                            {"x=1&limit=0&cursor=0&status=1&priority=1",
                             {"x", "limit", "cursor", "status", "priority"}}}) {
        CAPTURE(query.text);
        const HttpAnswer answer = http.get(orders_path + "?" + query.text);
        check_problem(answer, 400, "invalid-query");
        CHECK_EQ(fields_at_fault(answer.json()), query.at_fault);
    }
    // A name that is not UTF-8 is quoted as far as JSON can hold it.
    check_problem(http.get(orders_path + "?%FF=1"), 400, "invalid-query");
    CHECK_EQ(routes.script.calls(StoreStep::read), 0);
}

TEST_CASE("order_routes: a list is what its query asks for, page by page") {
    RoutesOnStore routes;
    HttpClient http = routes.client();
    for (const char* id : {"a", "b", "c"})
        CHECK_EQ(http.post(orders_path, order_body(id)).status, 200);
    json low = order_body("d");
    low["priority"] = "Normal";
    CHECK_EQ(http.post(orders_path, low).status, 200);

    const json page = http.get(orders_path + "?priority=High&limit=2&status=Pending").json();
    REQUIRE_EQ(page["orders"].size(), 2);
    CHECK_EQ(page["orders"][0]["order_id"], "c");
    CHECK_EQ(page["orders"][1]["order_id"], "b");
    const auto cursor = page["next_cursor"].get<std::string>();
    const json rest = http.get(orders_path + "?priority=High&limit=1000&cursor=" + cursor).json();
    REQUIRE_EQ(rest["orders"].size(), 1);
    CHECK_EQ(rest["orders"][0]["order_id"], "a");
    CHECK_EQ(rest["next_cursor"], nullptr);
    CHECK_EQ(http.get(orders_path + "?status=Failed").json()["orders"].size(), 0);
    // What is empty is not given, as in a form whose fields were left empty.
    CHECK_EQ(http.get(orders_path + "?status=&priority=").json(), http.get(orders_path).json());
    CHECK_EQ(http.get(orders_path + "?status&limit=&cursor=&limit=2&cursor=" + cursor).json(),
             http.get(orders_path + "?limit=2&cursor=" + cursor).json());
}

TEST_CASE("order_routes: the report tells how long the oldest order has waited by the clock") {
    RoutesOnStore routes;
    HttpClient http = routes.client();
    CHECK_EQ(http.get("/api/v1/report").json()["oldest_pending_seconds"], nullptr);
    CHECK_EQ(http.post(orders_path, order_body("a")).status, 200);
    routes.clock.advance(std::chrono::milliseconds(2'500));
    const json report = http.get("/api/v1/report").json();
    CHECK_EQ(report["oldest_pending_seconds"], 2.5);
    CHECK_EQ(report["by_priority"]["High"]["Pending"], 1);
}

TEST_CASE("order_routes: a known route with another method is answered with those that it takes") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    struct Route {
        std::string path;
        std::vector<std::string> allowed;
    };
    for (const Route& route : std::vector<Route>{{orders_path, {"GET", "HEAD", "POST"}},
                                                 {batch_path, {"GET", "HEAD", "POST"}},
                                                 {orders_path + "/a", {"GET", "HEAD"}},
                                                 {"/api/v1/report", {"GET", "HEAD"}},
                                                 {"/livez", {"GET", "HEAD"}},
                                                 {"/readyz", {"GET", "HEAD"}}}) {
        CAPTURE(route.path);
        const HttpAnswer answer = http.send({"DELETE", route.path});
        check_problem(answer, 405, "method-not-allowed");
        const std::string allow = answer.header("allow").value_or("");
        for (const std::string& method : route.allowed)
            CHECK_MESSAGE(allow.find(method) != allow.npos, allow);
        const HttpAnswer options = http.send({"OPTIONS", route.path});
        CHECK_EQ(options.status, 204);
        CHECK_EQ(options.header("allow"), allow);
    }
    check_problem(http.get("/api/v1/nothing"), 404, "route-not-found");
}

}  // namespace orders::test
