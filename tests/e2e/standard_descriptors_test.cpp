// Programs that are started without a standard input, output or error, as some supervisors do it:
// no file of theirs may take the place of what is missing.

#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>
#include <string>

#include "tests/e2e/redirected.h"
#include "tests/support/eventually.h"
#include "tests/support/free_port.h"
#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"

namespace orders::test {
namespace {

const std::string all_closed = "0<&- 1>&- 2>&-";

void check_standard_descriptors_are_null(const ChildProcess& process) {
    for (const char* number : {"0", "1", "2"}) {
        const std::string fd = "/proc/" + std::to_string(process.pid()) + "/fd/" + number;
        CHECK_EQ(std::filesystem::read_symlink(fd).string(), "/dev/null");
    }
}

}  // namespace

TEST_CASE("standard_descriptors: without any of them both programs work and stop") {
    OrderProcesses processes;
    const int port = free_port();
    ChildProcess& api = processes.launch(
        shell, redirected(all_closed, api_program(), {"--port", std::to_string(port)}));
    ChildProcess& worker = processes.launch(shell, redirected(all_closed, worker_program()));
    HttpClient http(port);
    eventually(patience, [&] { return status_of(http.attempt({"GET", "/readyz"})) == 200; });
    CHECK_EQ(http.post("/api/v1/orders", order_json("order")).status, 200);
    eventually(patience,
               [&] { return http.get("/api/v1/orders/order").json()["status"] == "Processed"; });
    check_standard_descriptors_are_null(api);
    check_standard_descriptors_are_null(worker);
    worker.signal(SIGTERM);
    CHECK_EQ(worker.wait_exit(patience), exited(0));
    api.signal(SIGTERM);
    CHECK_EQ(api.wait_exit(patience), exited(0));
}

TEST_CASE("standard_descriptors: commands do their work without them") {
    OrderProcesses processes;
    processes.start_api();
    processes.submit(order_json("order"));
    const std::string copy = processes.directory().file("copy.db");
    for (const std::string& program : {api_program(), worker_program()}) {
        std::filesystem::remove(copy);
        for (const auto& flags :
             {OrderProcesses::Flags{"backup", copy}, {"verify", "--db", copy}}) {
            const Run done = run(shell, redirected(all_closed, program, flags),
                                 {{"DB_PATH", processes.database()}});
            CHECK_EQ(done.ending, exited(0));
        }
    }
    CHECK_EQ(run(worker_program(), {"verify", "--db", copy}).ending, exited(0));
}

}  // namespace orders::test
