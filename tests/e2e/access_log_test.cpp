// The line that the log has for each request, if the operator asks for it.

#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "tests/e2e/hostile_bytes.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"

namespace orders::test {
namespace {

const std::string parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

}  // namespace

TEST_CASE("access_log: a line says what was asked, what came of it, and who it was") {
    OrderProcesses processes;
    std::ofstream(processes.directory().file("tokens")) << "token-of-ann-0123456789 read ann\n";
    processes.set("API_TOKENS_FILE", processes.directory().file("tokens"));
    ChildProcess& api = processes.start_api({"--access-log", "on"});
    HttpClient http = processes.client();
    const HttpCall call{"GET",
                        "/api/v1/orders/secret-id?wait_seconds=0",
                        {{"Authorization", "Bearer token-of-ann-0123456789"},
                         {"X-Request-Id", "my-request"},
                         {"traceparent", parent}}};
    const HttpAnswer answer = http.send(call);
    CHECK_EQ(answer.status, 404);
    const std::string line = api.wait_for_line("request_id=my-request", patience);
    CHECK_NE(line.find(" info  access method=GET route=/api/v1/orders/{order_id} status=404 "),
             std::string::npos);
    CHECK_EQ(log_field(line, "bytes_in"), std::to_string(to_bytes(call).size()));
    CHECK_GT(std::stoul(log_field(line, "bytes_out")), answer.body.size());
    CHECK_GE(std::stod(log_field(line, "duration_ms")), 0);
    CHECK_EQ(log_field(line, "trace_id"), "0af7651916cd43dd8448eb211c80319c");
    CHECK_EQ(log_field(line, "client"), "127.0.0.1");
    CHECK_EQ(log_field(line, "token_name"), "ann");
    CHECK_EQ(line.find("secret-id"), std::string::npos);
    CHECK_EQ(line.find("wait_seconds"), std::string::npos);
}

TEST_CASE("access_log: what has no route is one of a few words") {
    OrderProcesses processes;
    ChildProcess& api = processes.start_api({}, {{"API_ACCESS_LOG", "on"}});
    HttpClient http = processes.client();
    (void)http.get("/nowhere/secret");
    (void)http.send({"BREW", "/coffee/secret"});
    (void)RawConnection(processes.port()).is_open();
    check_refused(processes, "GET /secret HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", {400});
    const std::string unknown = " access method=GET route=other status=404 ";
    CHECK_NE(api.wait_for_line(unknown, patience), "");
    CHECK_NE(api.wait_for_line(" access method=other route=other status=501 ", patience), "");
    const std::string refused =
        api.wait_for_line(" access method=other route=other status=400 ", patience);
    CHECK_NE(refused, "");
    CHECK_EQ(refused.find("token_name"), std::string::npos);
    CHECK_EQ(api.count_lines("secret"), 0);
}

TEST_CASE("access_log: without it nothing is logged of requests") {
    OrderProcesses processes;
    ChildProcess& api = processes.start_api();
    CHECK_EQ(processes.client().get("/livez").status, 200);
    processes.stop_all();
    CHECK_EQ(api.count_lines("access method"), 0);
}

}  // namespace orders::test
