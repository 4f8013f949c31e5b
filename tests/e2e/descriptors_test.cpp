// An order-api that may open few files: it says how many connections that leaves, serves those, and
// if even the rest runs out it waits for better times instead of ending or spinning.

#include <doctest/doctest.h>

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <thread>

#include "tests/e2e/hostile_bytes.h"
#include "tests/e2e/process_figures.h"
#include "tests/support/check_problem.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"

namespace orders::test {
namespace {

// With this as the most files that it may open, soft and hard.
ChildProcess& start_api(OrderProcesses& processes, int files) {
    const std::string limit = std::to_string(files);
    processes.use_programs("/usr/bin/prlimit", worker_program());
    return processes.start_api({"--nofile=" + limit + ":" + limit, api_program()});
}

void ask(RawConnection& connection) {
    REQUIRE(connection.send(get_livez));
    REQUIRE_EQ(status_of(connection.read_answer(patience)), 200);
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
    ChildProcess& api = start_api(processes, files);
    const std::string warning = api.wait_for_line("fewer connections", patience);
    const auto possible = std::stoul(log_field(warning, "connections"));
    CHECK_LT(possible, files);

    std::deque<RawConnection> inside;
    while (inside.size() < possible) ask(inside.emplace_back(processes.port()));
    for (int i = 0; i < 100; ++i) {
        RawConnection one_too_many(processes.port());
        check_problem(answer_of(one_too_many.read_answer(patience)), 503, "overloaded");
        CHECK(one_too_many.is_closed_by_server(patience));
    }
    for (RawConnection& connection : inside) ask(connection);
    // There are files left for the orders.
    const std::string order = order_json("order").dump();
    inside.front().send(
        to_bytes({"POST", "/api/v1/orders", {{"Content-Type", "application/json"}}, order}));
    CHECK_EQ(status_of(inside.front().read_answer(patience)), 200);
    inside.clear();
    wait_until_newcomers_are_served(processes);
}

TEST_CASE("descriptors: without a file left for a newcomer the API goes on, and does not spin") {
    OrderProcesses processes;
    ChildProcess& api = start_api(processes, 40);
    std::optional<RawConnection> inside(processes.port());
    ask(*inside);
    // A client that is told that there are too many takes a file too, until it leaves.
    std::deque<RawConnection> crowd;
    for (int i = 0; i < 200; ++i) crowd.emplace_back(processes.port());
    eventually(patience, [&] { return open_files(api.pid()) >= 40; });

    const auto before = processor_time(api.pid());
    constexpr std::chrono::milliseconds while_measuring{1'000};
    std::this_thread::sleep_for(while_measuring);
    CHECK(processor_time(api.pid()) - before < while_measuring / 2);
    ask(*inside);
    CHECK_EQ(api.ending(), std::nullopt);

    crowd.clear();
    ask(*inside);
    inside.reset();  // there is room for one
    wait_until_newcomers_are_served(processes);
}

}  // namespace orders::test
