// Programs that may open few files. An order-api says how many connections that leaves, serves
// those, and if even the rest runs out it waits for better times instead of ending or spinning.
// With fewer files than it needs, neither program starts.

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/hostile_bytes.h"
#include "tests/e2e/process_figures.h"
#include "tests/support/check_problem.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"
#include "tests/support/temp_dir.h"

namespace orders::test {
namespace {

constexpr int least_files_of_api = 144;
constexpr int least_files_of_worker = 64;
constexpr int least_files_of_commands = 32;

const std::string prlimit_program = "/usr/bin/prlimit";

// For prlimit: the most files that may be open, soft and hard.
std::string files_flag(int files) {
    const std::string limit = std::to_string(files);
    return "--nofile=" + limit + ":" + limit;
}

ChildProcess& start_api(OrderProcesses& processes, int files) {
    processes.use_programs(prlimit_program, worker_program());
    return processes.start_api({files_flag(files), api_program()});
}

// While the process runs.
void set_file_limit(const ChildProcess& process, std::size_t files) {
    const rlimit limit{.rlim_cur = files, .rlim_max = files};
    REQUIRE_EQ(::prlimit(process.pid(), RLIMIT_NOFILE, &limit, nullptr), 0);
}

void ask(RawConnection& connection) {
    REQUIRE(connection.send(get_livez));
    REQUIRE_EQ(status_of(connection.read_answer(patience)), 200);
}

std::size_t possible_connections(ChildProcess& api) {
    return std::stoul(log_field(api.wait_for_line("fewer connections", patience), "connections"));
}

// As many as the API serves, all of which it has answered.
std::deque<RawConnection> full_house(const OrderProcesses& processes, std::size_t possible) {
    std::deque<RawConnection> inside;
    while (inside.size() < possible) ask(inside.emplace_back(processes.port()));
    return inside;
}

void wait_until_newcomers_are_served(const OrderProcesses& processes) {
    eventually(patience, [&] {
        RawConnection newcomer(processes.port());
        newcomer.send(get_livez);
        return status_of(newcomer.read_answer(patience)) == 200;
    });
}

}  // namespace

TEST_CASE("descriptors: few files mean few connections, and everyone else is told so at once") {
    constexpr int files = 300;
    OrderProcesses processes;
    const std::size_t possible = possible_connections(start_api(processes, files));
    CHECK_LT(possible, files);

    std::deque<RawConnection> inside = full_house(processes, possible);
    for (int i = 0; i < 100; ++i) {
        RawConnection one_too_many(processes.port());
        check_problem(answer_of(one_too_many.read_answer(patience)), 503, "overloaded");
        CHECK(one_too_many.is_closed_by_server(patience));
    }
    for (RawConnection& connection : inside) ask(connection);
    inside.clear();
    wait_until_newcomers_are_served(processes);
}

TEST_CASE(
    "descriptors: with the fewest files it starts with, the API serves a full house of orders") {
    OrderProcesses processes;
    ChildProcess& api = start_api(processes, least_files_of_api);
    const std::size_t possible = possible_connections(api);
    CHECK_GE(possible, 32);
    std::deque<RawConnection> inside = full_house(processes, possible);
    std::deque<RawConnection> crowd;
    for (int i = 0; i < 100; ++i) crowd.emplace_back(processes.port());

    const std::string order = order_json("order").dump();
    inside.front().send(
        to_bytes({"POST", "/api/v1/orders", {{"Content-Type", "application/json"}}, order}));
    REQUIRE_EQ(status_of(inside.front().read_answer(patience)), 200);
    // All at once, so that every thread that answers has the order read for it.
    for (int round = 0; round < 10; ++round) {
        for (RawConnection& connection : inside) {
            connection.send(to_bytes({"GET", "/api/v1/orders/order"}));
        }
        for (RawConnection& connection : inside) {
            REQUIRE_EQ(status_of(connection.read_answer(patience)), 200);
        }
    }
    CHECK_EQ(api.count_lines(" error "), 0);
}

TEST_CASE("descriptors: without a file left for a newcomer the API goes on, and does not spin") {
    OrderProcesses processes;
    ChildProcess& api = processes.start_api();
    RawConnection inside(processes.port());
    ask(inside);
    const std::size_t files = open_files(api.pid()) + 10;
    set_file_limit(api, files);
    std::deque<RawConnection> crowd;
    for (int i = 0; i < 200; ++i) crowd.emplace_back(processes.port());
    eventually(patience, [&] { return open_files(api.pid()) >= files; });

    const auto before = processor_time(api.pid());
    constexpr std::chrono::milliseconds while_measuring{1'000};
    std::this_thread::sleep_for(while_measuring);
    CHECK(processor_time(api.pid()) - before < while_measuring / 2);
    ask(inside);
    CHECK_EQ(api.ending(), std::nullopt);

    crowd.clear();
    ask(inside);
    wait_until_newcomers_are_served(processes);
}

TEST_CASE("descriptors: with fewer files than it needs no program starts, and says what to raise") {
    const TempDir directory;
    struct Program {
        std::string path;
        int least_files;
    };
    for (const Program& program : {Program{api_program(), least_files_of_api},
                                   Program{worker_program(), least_files_of_worker}}) {
        CAPTURE(program.path);
        const std::string database = directory.file("orders.db");
        for (const int files : {8, 12, program.least_files - 1}) {
            check_refused(run(prlimit_program, {files_flag(files), program.path, "--db", database}),
                          1, {"limit of open files is " + std::to_string(files), "ulimit -n"});
        }
        for (const int files : {8, least_files_of_commands - 1}) {
            check_refused(
                run(prlimit_program, {files_flag(files), program.path, "verify", "--db", database}),
                1, {std::to_string(least_files_of_commands), "ulimit -n"});
        }
    }
}

}  // namespace orders::test
