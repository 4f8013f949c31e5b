// A log that nobody reads, because its collector hangs: it loses lines, and the service loses
// nothing.

#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <string>

#include "tests/e2e/redirected.h"
#include "tests/support/eventually.h"
#include "tests/support/free_port.h"
#include "tests/support/order_processes.h"
#include "tests/support/unread_pipe.h"

namespace orders::test {
namespace {

constexpr int page = 4096;

// As `2>pipe` does it.
ChildProcess& launch_logging_to(const UnreadPipe& log, OrderProcesses& processes,
                                const std::string& program,
                                const OrderProcesses::Flags& flags = {}) {
    return processes.launch(shell, redirected("2>'" + log.path() + "'", program, flags));
}

int status_of_get(int port, const std::string& target) {
    return status_of(HttpClient(port).attempt({"GET", target}, std::chrono::seconds(5)));
}

// So that its own lines fill the pipe.
void ask_often(int port) {
    HttpClient http(port);
    for (int i = 0; i < 1'000; ++i) REQUIRE_EQ(http.get("/livez").status, 200);
}

}  // namespace

TEST_CASE("blocked_log: an API whose log nobody reads comes up, serves, and stops") {
    int capacity = 0;
    SUBCASE("a large pipe") {
        capacity = 16 * page;
    }
    SUBCASE("the smallest pipe") {
        capacity = page;
    }
    OrderProcesses processes;
    const int port = free_port();
    UnreadPipe log(processes.directory().file("log"), capacity);
    log.fill();
    ChildProcess& api = launch_logging_to(log, processes, api_program(),
                                          {"--port", std::to_string(port), "--log-level", "DEBUG"});
    eventually(patience, [&] { return status_of_get(port, "/livez") == 200; });
    HttpClient http(port);
    for (int i = 0; i < 20; ++i) {
        CHECK_EQ(http.post("/api/v1/orders", order_json(std::to_string(i))).status, 200);
    }
    CHECK_EQ(status_of_get(port, "/readyz"), 200);

    // Whoever reads again hears that there was more.
    (void)log.drain();
    CHECK_EQ(http.get("/livez").status, 200);
    std::string seen;
    eventually(patience, [&] {
        seen += log.drain();
        return seen.find(" warn  log lines lost count=") != std::string::npos;
    });
    ask_often(port);
    api.signal(SIGTERM);
    CHECK_EQ(api.wait_exit(patience), exited(0));
}

TEST_CASE("blocked_log: a worker whose log nobody reads processes, and stops in order") {
    OrderProcesses processes;
    processes.start_api();
    UnreadPipe log(processes.directory().file("log"), page);
    log.fill();
    ChildProcess& worker =
        launch_logging_to(log, processes, worker_program(), {"--report-interval", "1"});
    processes.submit(order_json("order"));
    CHECK_EQ(processes.finished_order("order")["status"], "Processed");
    worker.signal(SIGTERM);
    CHECK_EQ(worker.wait_exit(patience), exited(0));
    CHECK(processes.client().get("/api/v1/report").json()["workers"].empty());
}

TEST_CASE("blocked_log: a program that cannot start says so to nobody, and ends") {
    OrderProcesses processes;
    UnreadPipe log(processes.directory().file("log"), page);
    log.fill();
    for (const std::string& program : {api_program(), worker_program()}) {
        ChildProcess& refused = launch_logging_to(log, processes, program, {"--db", "/dev/null/a"});
        CHECK_EQ(refused.wait_exit(patience), exited(1));
    }
}

}  // namespace orders::test
