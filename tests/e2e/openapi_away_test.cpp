// A store that the API waits for at its start: what every operation answers meanwhile.

#include <doctest/doctest.h>

#include <string>

#include "tests/e2e/described_operations.h"
#include "tests/support/check_problem.h"
#include "tests/support/eventually.h"
#include "tests/support/free_port.h"
#include "tests/support/order_processes.h"

namespace orders::test {

TEST_CASE("openapi: every operation but one waits for the store with the API, and says so") {
    OrderProcesses processes;
    // Nobody answers there.
    const std::string database =
        "postgresql://orders@127.0.0.1:" + std::to_string(free_port()) + "/orders";
    processes.set("DATABASE_URL", database);
    const int port = free_port();
    ChildProcess& api = processes.launch(api_program(), {"--port", std::to_string(port)});
    api.wait_for_line(" the database cannot be reached", patience);
    HttpClient http(port);
    eventually(patience, [&] { return status_of(http.attempt({"GET", "/livez"})) == 200; });
    for (const Operation& operation : operations()) {
        CAPTURE(operation.method);
        CAPTURE(operation.target);
        const HttpAnswer answer = http.send(json_call(operation, "{}"));
        if (operation.answers["503"]) {
            check_problem(answer, 503, "not-ready");
        } else {
            CHECK_EQ(answer.status, 200);
        }
    }
}

}  // namespace orders::test
