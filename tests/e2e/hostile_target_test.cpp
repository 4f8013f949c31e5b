// Targets, methods and headers that try to reach what they should not, against the real order-api:
// only what is spelled like a route is one, and nothing that a client says about itself counts.

#include <doctest/doctest.h>

#include <string>

#include "tests/e2e/hostile_bytes.h"
#include "tests/support/check_problem.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"

namespace orders::test {
namespace {

const std::string orders_path = "/api/v1/orders";

}  // namespace

TEST_CASE("hostile_target: a path that only decodes to a route, or goes round one, finds nothing") {
    OrderProcesses processes;
    processes.start_api();
    processes.submit(order_json("a"));
    HttpClient http = processes.client();
    for (const std::string target : {"/api/v1/orders/../orders/a",
                                     "/api/v1/orders/./a",
                                     "/api/v1//orders/a",
                                     "/api/v1/orders/a/",
                                     "/api/v1/orders/a/..",
                                     "/api/v1/orders/%2e%2e/orders/a",
                                     "/api/v1/orders/a%00",
                                     "/api/v1/orders/%00a",
                                     "/api/v1/orders/a%00/b",
                                     "/api/v1/orders/a%0d%0a",
                                     "/api/v1/orders/a%20",
                                     "/api/v1/orders%2Fa",
                                     "/api/v1%2forders/a",
                                     "/api/v1/orders/%2fa",
                                     "/api/v1/orders/a%2f",
                                     "/api/v1/orders/a%252f",
                                     "/api/v1/orders/a;b",
                                     "/api/v1/orders/a%3fb",
                                     "/api/v1/orders/%c0%ae%c0%ae",
                                     "/api/v1/orders/a%",
                                     "/%u0061pi/v1/orders/a",
                                     "/api/v1/orders/a#b",
                                     "\\api\\v1",
                                     "/api/v1/orders/..%5ca",
                                     "api/v1/orders/a",
                                     "//a/api/v1/orders/a",
                                     "*",
                                     "a:80"}) {
        CAPTURE(target);
        const HttpAnswer answer = http.send({"GET", target});
        CHECK_MESSAGE((answer.status == 404 || answer.status == 400), answer.status);
        check_tells_no_internals(answer);
    }
    CHECK_EQ(http.get(orders_path + "/a").status, 200);
}

TEST_CASE("hostile_target: a target may be a whole URL, and no other kind of URL") {
    OrderProcesses processes;
    processes.start_api();
    HttpClient http = processes.client();
    CHECK_EQ(http.get("http://elsewhere/livez").json()["status"], "live");
    CHECK_EQ(http.get("HTTP://elsewhere/livez").json()["status"], "live");
    for (const std::string target : {"https://a/livez", "file:///livez", "http:/livez",
                                     "http:///livez", "http://a/http://a/livez"}) {
        CAPTURE(target);
        CHECK_EQ(http.get(target).status / 100, 4);
    }
    CHECK_EQ(http.get("/livez").status, 200);
}

TEST_CASE("hostile_target: methods that nobody has are refused, and the connection goes on") {
    OrderProcesses processes;
    processes.start_api();
    RawConnection connection(processes.port());
    for (const std::string method : {"TRACE", "PRI", "get", "PROPFIND", "X-_!#$%&'*+"}) {
        for (const std::string target : {"/livez", "/api/v1/orders", "http://a/livez"}) {
            CAPTURE(method);
            CAPTURE(target);
            connection.send(to_bytes({method, target}));
            const HttpAnswer answer = answer_of(connection.read_answer(patience));
            CHECK_EQ(answer.status, 501);
            check_tells_no_internals(answer);
        }
    }
    connection.send("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n" + get_livez);
    CHECK_EQ(status_of(connection.read_answer(patience)), 501);
    CHECK_EQ(status_of(connection.read_answer(patience)), 200);
    check_refused(processes, "TRACE * HTTP/1.1\r\nHost: a" + end_of_head, {400});
}

TEST_CASE("hostile_target: what a client says about itself changes nothing and is not logged") {
    OrderProcesses processes;
    processes.set("DB_LOG_LEVEL", "DEBUG");
    ChildProcess& api = processes.start_api();
    HttpClient http = processes.client();
    const HeaderList claims{{"REMOTE_ADDR", "6.6.6.6"},
                            {"X-Forwarded-For", "6.6.6.6"},
                            {"X-HTTP-Method-Override", "DELETE"},
                            {"X-Original-URL", "/api/v1/report"},
                            {"Upgrade", "h2c"},
                            {"EXCEPTION_WHAT", "6.6.6.6"}};
    const HttpAnswer answer = http.send({"GET", "/livez", claims});
    CHECK_EQ(answer.json()["status"], "live");
    CHECK_EQ(answer.header("exception_what"), std::nullopt);
    CHECK_EQ(http.get("/livez").status, 200);
    processes.stop_all();
    CHECK_EQ(api.count_lines("6.6.6.6"), 0);
    CHECK_GT(api.count_lines(" access "), 0);
}

TEST_CASE("hostile_target: an unknown expectation is ignored, and refused headers get no 100") {
    OrderProcesses processes;
    processes.start_api();
    RawConnection connection(processes.port());
    connection.send("GET /livez HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n");
    CHECK_EQ(status_of(connection.read_answer(patience)), 200);
    check_refused(processes,
                  post_head + "Expect: 100-continue\r\nContent-Length: 9999999" + end_of_head,
                  {413});
}

TEST_CASE("hostile_target: after a refusal nothing more is read as a request, however much comes") {
    OrderProcesses processes;
    processes.start_api();
    const std::string order = to_bytes(
        {"POST", orders_path, {{"Content-Type", "application/json"}}, order_json("after").dump()});
    std::string many;
    for (int i = 0; i < 1'000; ++i) many += order;
    check_refused(processes, get_livez.substr(0, 10) + end_of_head + many, {400});
    check_refused(processes, post_head + "Content-Length: x" + end_of_head + many, {400});
    CHECK_EQ(processes.client().get(orders_path + "/after").status, 404);
}

}  // namespace orders::test
