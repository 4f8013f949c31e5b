// What web pages can have done by a browser that reaches the API, against the real order-api.

#include <doctest/doctest.h>

#include <string>

#include "tests/support/check_problem.h"
#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"

namespace orders::test {
namespace {

const std::string foreign = "https://evil.test";
const std::string named = "https://shop.test";

// A browser sends a form of this type without asking, whatever page it is on.
HttpCall form_post(const std::string& path, const std::string& origin) {
    return {"POST", path, {{"Origin", origin}, {"Content-Type", "text/plain"}}, ""};
}

}  // namespace

TEST_CASE("web_page: a form on another site cancels nothing") {
    OrderProcesses processes;
    processes.start_api();
    processes.submit(order_json("a"));
    HttpClient http = processes.client();
    for (const std::string& origin : {foreign, std::string("null")}) {
        for (const std::string path :
             {"/api/v1/orders/a/cancel", "/api/v1/orders/a/retry", "/api/v1/kinds/mail/pause",
              "/api/v1/orders/cancel", "/api/v1/claims"}) {
            check_problem(http.send(form_post(path, origin)), 403, "foreign-origin");
        }
    }
    CHECK_EQ(http.get("/api/v1/orders/a").json()["status"], "Pending");
    // The API's own page may, and so may whoever is no page.
    CHECK_EQ(http.send(form_post("/api/v1/orders/a/cancel", "http://127.0.0.1")).status, 200);
    CHECK_EQ(http.send({"POST", "/api/v1/orders/a/retry"}).status, 200);
}

TEST_CASE("web_page: a page of an origin that is named may do all that its token lets it") {
    OrderProcesses processes;
    processes.set("API_TOKENS", "some-token-0123456789");
    processes.set("API_CORS_ORIGIN", "http://localhost:3000," + named);
    processes.start_api();
    HttpClient http = processes.client();
    const HttpAnswer asked =
        http.send({"OPTIONS",
                   "/api/v1/orders",
                   {{"Origin", named},
                    {"Access-Control-Request-Method", "POST"},
                    {"Access-Control-Request-Headers", "authorization,content-type"}}});
    CHECK_EQ(asked.status, 204);
    CHECK_EQ(asked.header("access-control-allow-origin"), named);
    CHECK_EQ(asked.header("access-control-max-age"), "600");

    HeaderList headers{{"Origin", named}, {"Content-Type", "application/json"}};
    const std::string order = order_json("a").dump();
    const HttpAnswer without = http.send({"POST", "/api/v1/orders", headers, order});
    CHECK_EQ(without.status, 401);
    CHECK_EQ(without.header("access-control-allow-origin"), named);
    headers.emplace_back("Authorization", "Bearer some-token-0123456789");
    const HttpAnswer created = http.send({"POST", "/api/v1/orders", headers, order});
    CHECK_EQ(created.status, 200);
    CHECK_EQ(created.header("access-control-allow-origin"), named);
    CHECK_EQ(created.header("access-control-expose-headers"),
             "Location, Retry-After, X-Request-Id");
    check_problem(http.send(form_post("/api/v1/orders/a/cancel", foreign)), 403, "foreign-origin");
}

TEST_CASE("web_page: any page may use an API without tokens if the operator says so") {
    OrderProcesses processes;
    processes.start_api({"--cors-origin", "*"});
    const HttpAnswer answer =
        processes.client().send({"GET", "/api/v1/report", {{"Origin", foreign}}});
    CHECK_EQ(answer.status, 200);
    CHECK_EQ(answer.header("access-control-allow-origin"), "*");
}

TEST_CASE("web_page: what is no origin ends the program, and so does * together with tokens") {
    for (const std::string origin :
         {"shop.test", "https://shop.test/", "https://shop.test:443", "HTTPS://shop.test"}) {
        check_refused(run(api_program(), {"--cors-origin", origin}), 2,
                      {"--cors-origin or API_CORS_ORIGIN: " + origin + " is no origin"});
    }
    check_refused(
        run(api_program(), {"--cors-origin", "*"}, {{"API_TOKENS", "some-token-0123456789"}}), 2,
        {"--cors-origin or API_CORS_ORIGIN: * and tokens do not go together"});
}

}  // namespace orders::test
