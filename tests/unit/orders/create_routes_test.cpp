// Creating orders that carry work, and asking for lists and the report, over a scripted store.

#include <doctest/doctest.h>

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

json order_body(const std::string& id, const json& more = json::object()) {
    json body{{"order_id", id}, {"priority", "High"}};
    body.update(more);
    return body;
}

}  // namespace

TEST_CASE("order_routes: an order that waits for its time is answered with that") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    const json now = http.post(orders_path, order_body("now")).json();
    CHECK_EQ(now["kind"], "default");
    CHECK_EQ(now["due_at"], nullptr);
    CHECK_EQ(now["waiting_for"], nullptr);

    const json later =
        http.post(orders_path, order_body("later", {{"delay_seconds", 60}, {"kind", "mail"}}))
            .json();
    CHECK_EQ(later["status"], "Pending");
    CHECK_EQ(later["kind"], "mail");
    CHECK_EQ(later["due_at"], "2026-11-22T13:05:05.678Z");
    CHECK_EQ(later["waiting_for"], "time");

    const json past =
        http.post(orders_path, order_body("past", {{"not_before", "2026-11-22T14:04:05+01:00"}}))
            .json();
    CHECK_EQ(past["due_at"], "2026-11-22T13:04:05.000Z");
    CHECK_EQ(past["waiting_for"], nullptr);
}

TEST_CASE("order_routes: what an order carries is shown by its id, and not when it is created") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    const std::string payload = R"({ "b":1e400, "a":[1.0, "\u00e9"] ,"b":2})";
    const std::string body =
        R"({"order_id":"a","priority":"High","timeout_seconds":30,"payload":)" + payload + "}";
    const HttpAnswer created = http.post(orders_path, body);
    CHECK_EQ(created.status, 200);
    CHECK_FALSE(created.json().contains("payload"));
    const HttpAnswer found = http.get(orders_path + "/a");
    CHECK_NE(found.body.find(R"("payload":)" + payload + R"(,"result":null)"), std::string::npos);
    CHECK_NE(found.body.find(R"("timeout_seconds":30,"max_attempts":null)"), std::string::npos);
}

TEST_CASE(
    "order_routes: a payload a byte too long names the field, and in a batch only its order") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    const std::string largest(default_max_payload_bytes - 2, 'a');
    CHECK_EQ(http.post(orders_path, order_body("a", {{"payload", largest}})).status, 200);
    const HttpAnswer refused =
        http.post(orders_path, order_body("b", {{"payload", largest + "a"}}));
    check_problem(refused, 400, "invalid-order");
    CHECK_EQ(fields_at_fault(refused.json()), std::set<std::string>{"payload"});
    const HttpAnswer batch =
        http.post(batch_path, json{{"orders",
                                    {order_body("c", {{"payload", largest + "a"}}),
                                     order_body("d", {{"payload", largest}})}}});
    CHECK_EQ(batch.status, 200);
    CHECK_EQ(batch.json()["results"][0]["status"], "invalid");
    CHECK_EQ(fields_at_fault(batch.json()["results"][0]), std::set<std::string>{"payload"});
    CHECK_EQ(batch.json()["results"][1]["status"], "created");
}

TEST_CASE("order_routes: a kind for which there is no room is a problem that names the field") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    const json order = order_body("a", {{"kind", StoreScript::kind_too_many}});
    const HttpAnswer refused = http.post(orders_path, order);
    check_problem(refused, 400, "too-many-kinds");
    CHECK_EQ(fields_at_fault(refused.json()), std::set<std::string>{"kind"});
    const json results = http.post(batch_path, json{{"orders", {order, order_body("b")}}}).json();
    CHECK_EQ(results["results"][0]["status"], "invalid");
    CHECK_EQ(fields_at_fault(results["results"][0]), std::set<std::string>{"kind"});
    CHECK_EQ(results["results"][1]["status"], "created");
    CHECK_EQ(http.get(orders_path + "/a").status, 404);
}

TEST_CASE("order_routes: the names of other routes are order ids as good as any other") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    for (const char* id : {"batch", "cancel", "retry"}) {
        CAPTURE(id);
        check_problem(http.get(orders_path + "/" + id), 404, "order-not-found");
        const HttpAnswer created = http.post(orders_path, order_body(id));
        CHECK_EQ(created.status, 200);
        CHECK_EQ(http.get("/api/v1/" + created.header("location").value()).json()["order_id"], id);
    }
}

TEST_CASE("order_routes: a list is asked for by all that it can be filtered by") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    CHECK_EQ(http.get(orders_path + "?status=Cancelled&priority=High&kind=mail-2&reason=a_1.b-c&"
                                    "created_after=2026-11-22T13:04:05.678Z&"
                                    "created_before=2026-11-22T14:04:05%2B01:00&limit=7&cursor=9")
                 .status,
             200);
    REQUIRE_EQ(routes.script.queries().size(), 1);
    const OrderQuery query = routes.script.queries().at(0);
    CHECK(query.filter.statuses == std::vector<OrderStatus>{OrderStatus::cancelled});
    CHECK(query.filter.priority == Priority::high);
    CHECK_EQ(query.filter.kind, a_kind("mail-2"));
    CHECK_EQ(query.filter.reason, "a_1.b-c");
    CHECK_EQ(query.filter.created_after, StoreScript::created_at);
    CHECK_EQ(query.filter.created_before, parse_rfc3339("2026-11-22T13:04:05Z"));
    CHECK_EQ(query.limit, 7);
    CHECK(query.before == OrderSequence{9});
}

}  // namespace orders::test
