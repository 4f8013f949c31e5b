// Where order-api listens, as a user meets it: what may be given, what is said about it.

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"
#include "tests/support/skipped.h"

namespace orders::test {

TEST_CASE("binding: a star means every address, the log says so, and healthcheck gets there") {
    OrderProcesses processes;
    processes.set("API_HOST", "*");
    ChildProcess& api = processes.start_api();
    const std::string addresses = log_field(api.wait_for_line(" listening ", patience), "address");
    CHECK_MESSAGE((addresses == "0.0.0.0,::" || addresses == "0.0.0.0"), addresses);
    CHECK_EQ(processes.client().get("/livez").status, 200);
    const std::string port = std::to_string(processes.port());
    for (const char* const host : {"*", "0.0.0.0", "127.0.0.1"}) {
        const Run check = run(api_program(), {"healthcheck", "--host", host, "--port", port});
        CHECK_MESSAGE(check.ending == exited(0), host);
    }
}

TEST_CASE("binding: an IPv6 address may stand in brackets") {
    if (!std::filesystem::exists("/proc/net/if_inet6")) return skipped("there is no IPv6 here");
    OrderProcesses processes;
    ChildProcess& api = processes.start_api({"--host", "[::1]"});
    CHECK_EQ(log_field(api.wait_for_line(" listening ", patience), "address"), "::1");
    CHECK_EQ(api.count_lines("open to everybody"), 0);
    const std::string port = std::to_string(processes.port());
    CHECK_EQ(run(api_program(), {"healthcheck", "--host", "[::1]", "--port", port}).ending,
             exited(0));
}

TEST_CASE("binding: the log shows the address that a name stands for") {
    OrderProcesses processes;
    ChildProcess& api = processes.start_api({"--host", "localhost"});
    const std::string address = log_field(api.wait_for_line(" listening ", patience), "address");
    CHECK_MESSAGE((address == "127.0.0.1" || address == "::1"), address);
}

TEST_CASE("binding: an address that cannot be meant ends the API with 1, and the line says why") {
    struct Host {
        std::string text;
        std::string reason;
    };
    OrderProcesses processes;
    processes.start_api();  // makes the store, which another one would say
    for (const Host& host :
         {Host{"no.such.host.invalid", "does not resolve"}, Host{"255.255.255.255", "broadcast"},
          Host{"203.0.113.1", "--host or API_HOST"}}) {
        check_refused(
            run(api_program(), {"--host", host.text, "--port", "0", "--db", processes.database()}),
            1, {host.text, host.reason});
    }
    check_refused(run(api_program(), {"--host", ""}), 2, {"--host"});
}

TEST_CASE("binding: a port that is taken ends the API with 1, and the line names API_PORT") {
    OrderProcesses processes;
    processes.start_api();
    const std::string port = std::to_string(processes.port());
    check_refused(run(api_program(), {"--port", port, "--db", processes.database()}), 1,
                  {port, "in use", "API_PORT"});
}

}  // namespace orders::test
