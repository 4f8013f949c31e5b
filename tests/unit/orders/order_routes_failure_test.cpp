// What the routes answer when the store fails: always which kind of trouble it is, whether the
// request was stored, and when to try again; never what went on inside.

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/check_problem.h"
#include "tests/unit/orders/running_routes.h"

namespace orders::test {
namespace {

using nlohmann::json;
using Kind = StoreError::Kind;

const std::string orders_path = "/api/v1/orders";
const std::string batch_path = "/api/v1/orders/batch";

json order_body(const std::string& id) {
    return {{"order_id", id}, {"priority", "High"}, {"processing_time", 7}};
}

void check_unavailable(const HttpAnswer& answer, const std::string& slug) {
    check_problem(answer, 503, slug);
    CHECK_EQ(answer.header("retry-after"), "1");
    CHECK_FALSE(answer.header("location").has_value());
}

}  // namespace

TEST_CASE("order_routes: orders that cannot be stored are answered with 503 and the reason") {
    struct Failing {
        Kind kind;
        std::string slug;
    };
    for (const Failing& failing :
         std::vector<Failing>{{Kind::busy, "overloaded"},
                              {Kind::full, "disk-full"},
                              {Kind::damaged, "store-damaged"},
                              {Kind::unusable, "stopping"},
                              {Kind::outcome_unknown, "outcome-unknown"}}) {
        CAPTURE(failing.slug);
        for (const bool is_batch : {false, true}) {
            RoutesOnScript routes;
            HttpClient http = routes.client();
            routes.script.fail(StoreStep::commit, failing.kind);
            const HttpAnswer answer =
                is_batch ? http.post(batch_path, json{{"orders", {17, order_body("a")}}})
                         : http.post(orders_path, order_body("a"));
            check_unavailable(answer, failing.slug);
            CHECK_EQ(routes.script.commits().size(), 0);
        }
    }
}

TEST_CASE("order_routes: after a failure that only a new process mends, it says it is stopping") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    routes.script.fail(StoreStep::commit, Kind::outcome_unknown);
    check_unavailable(http.post(orders_path, order_body("a")), "outcome-unknown");
    eventually(patience, [&] { return routes.fatal_calls == 1; });
    check_unavailable(http.post(orders_path, order_body("b")), "stopping");
    check_unavailable(http.get("/readyz"), "not-ready");
    CHECK_EQ(http.get("/livez").status, 200);
}

TEST_CASE("order_routes: an order whose time is up before it is stored is answered as overloaded") {
    RoutesOnScript routes(std::chrono::milliseconds(20));
    HttpClient http = routes.client();
    routes.script.hold(StoreStep::begin);
    check_unavailable(http.post(orders_path, order_body("a")), "overloaded");
    check_unavailable(http.get("/readyz"), "not-ready");
    routes.script.release(StoreStep::begin);
    eventually(
        patience, [&] { return http.post(orders_path, order_body("a")).status; },
        [](int status) { return status != 503; });
    CHECK_EQ(routes.script.commits(), std::vector<std::vector<std::string>>{{"a"}});
}

TEST_CASE("order_routes: the service is ready while the store takes writes") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    const HttpAnswer ready = http.get("/readyz");
    CHECK_EQ(ready.status, 200);
    CHECK_EQ(ready.body, "{\"status\":\"ready\"}\n");

    routes.script.fail(StoreStep::commit, Kind::full, StoreScript::always);
    eventually(patience, [&] { return http.get("/readyz").status == 503; });
    check_unavailable(http.get("/readyz"), "not-ready");
    CHECK_EQ(http.get("/livez").status, 200);

    routes.script.succeed(StoreStep::commit);
    CHECK_EQ(http.get("/readyz").status, 200);
}

TEST_CASE("order_routes: a service that is stopping is not ready, and takes orders all the same") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    routes.is_stopping = true;
    check_unavailable(http.get("/readyz"), "not-ready");
    CHECK_EQ(routes.script.calls(StoreStep::begin), 0);
    CHECK_EQ(http.get("/livez").body, "{\"status\":\"live\"}\n");
    CHECK_EQ(http.post(orders_path, order_body("a")).status, 200);
}

TEST_CASE("order_routes: orders that cannot be read now are answered with 503, and read later") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    CHECK_EQ(http.post(orders_path, order_body("a")).status, 200);
    for (const char* path : {"/api/v1/orders/a", "/api/v1/orders", "/api/v1/report"}) {
        for (const Kind kind : {Kind::busy, Kind::full, Kind::outcome_unknown, Kind::unusable}) {
            CAPTURE(path);
            routes.script.fail(StoreStep::read, kind);
            check_unavailable(http.get(path), "overloaded");
            CHECK_EQ(http.get(path).status, 200);
        }
    }
}

TEST_CASE("order_routes: damage that a read meets is called that, and ends readiness and intake") {
    for (const char* path : {"/api/v1/orders/a", "/api/v1/orders", "/api/v1/report"}) {
        CAPTURE(path);
        RoutesOnScript routes;
        HttpClient http = routes.client();
        CHECK_EQ(http.post(orders_path, order_body("a")).status, 200);
        CHECK_EQ(http.get("/readyz").status, 200);
        routes.script.fail(StoreStep::read, Kind::damaged);
        check_unavailable(http.get(path), "store-damaged");

        check_unavailable(http.get("/readyz"), "not-ready");
        CHECK_EQ(http.get("/livez").status, 200);
        check_unavailable(http.post(orders_path, order_body("b")), "store-damaged");
        check_unavailable(http.post(batch_path, json{{"orders", {order_body("b")}}}),
                          "store-damaged");
        CHECK_EQ(routes.script.commits(), std::vector<std::vector<std::string>>{{"a"}});
        // What can still be read is.
        CHECK_EQ(http.get(path).status, 200);
        CHECK_EQ(routes.fatal_calls, 0);
    }
}

TEST_CASE("order_routes: a reader is kept for the next request, unless it failed or did not open") {
    RoutesOnScript routes;
    HttpClient http = routes.client();
    for (int i = 0; i < 3; ++i) CHECK_EQ(http.get(orders_path).status, 200);
    CHECK_EQ(routes.readers_opened, 1);

    routes.script.fail(StoreStep::read, Kind::busy);
    CHECK_EQ(http.get(orders_path).status, 503);
    routes.is_opening_broken = true;
    check_unavailable(http.get(orders_path), "overloaded");
    check_unavailable(http.get("/api/v1/report"), "overloaded");
    routes.is_opening_broken = false;
    CHECK_EQ(http.get(orders_path).status, 200);
    CHECK_EQ(routes.readers_opened, 2);
}

TEST_CASE("order_routes: a bug is answered with 500, which tells nothing of it, and nothing else") {
    RoutesOnScript routes;
    routes.has_bug = true;
    check_problem(routes.client().get("/api/v1/report"), 500, "internal-error");
    routes.has_bug = false;
    CHECK_EQ(routes.client().get("/api/v1/report").status, 200);
}

}  // namespace orders::test
