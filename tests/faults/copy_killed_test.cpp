// A copy of all orders that is killed at any moment, and so is the PostgreSQL server at its other
// end: the same command again completes it, all is there once, and no program opens what is half
// done.

#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <exception>
#include <functional>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "tests/support/dose.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/postgres_server.h"
#include "tests/support/program_run.h"
#include "tests/support/seed.h"
#include "tests/support/store_audit.h"

namespace orders::test {
namespace {

constexpr int order_count = 30'000;
// A whole copy of them takes a little longer.
constexpr int longest_run_ms = 700;

void submit_many(OrderProcesses& processes) {
    for (int first = 0; first < order_count; first += 1'000) {
        std::vector<nlohmann::json> orders;
        for (int number = first; number < first + 1'000; ++number) {
            orders.push_back(
                order_json("order-" + std::to_string(number), number % 7 == 0 ? "High" : "Normal"));
            if (number % 2 == 0) orders.back()["payload"] = {{"text", std::string(100, 'x')}};
            if (number % 9 == 0) orders.back()["delay_seconds"] = 36'000;
        }
        processes.submit_all(orders);
    }
}

struct Ends {
    std::string from;
    std::string to;
    [[nodiscard]] std::vector<std::string> command() const {
        return {"copy", "--from", from, "--to", to};
    }
};

// A server takes a moment to notice that whoever was connected is dead.
bool is_passing(const Run& ended) {
    return !ended.error_lines.empty() &&
           ended.error_lines.back().find("a program has it open") != std::string::npos;
}

std::string checksum_of(const Ends& ends) {
    Run whole;
    eventually(patience, [&] {
        whole = run(api_program(), ends.command());
        return !is_passing(whole);
    });
    const std::string last = whole.error_lines.empty() ? "" : whole.error_lines.back();
    REQUIRE_MESSAGE(whole.ending == exited(0), last);
    const std::string words = ", checksum ";
    const std::size_t begin = whole.output.find(words);
    return begin == std::string::npos ? "" : whole.output.substr(begin + words.size(), 16);
}

// 0 also if there is no store.
int orders_in(const std::string& store) {
    const std::string words = "sound: ";
    const std::string output = run(api_program(), {"verify", "--db", store}).output;
    return output.find(words) == 0 ? std::stoi(output.substr(words.size())) : 0;
}

// Of a target that has orders: never both, and what is open is whole.
void check_nobody_is_misled(const Ends& ends) {
    const auto is_open = [](const std::string& store) {
        ChildProcess api(api_program(), {"--db", store, "--port", "0"});
        try {
            (void)api.wait_for_line(" listening ", patience);
        } catch (const std::exception&) {
            CHECK_MESSAGE(api.wait_exit(patience) == exited(1), api.tail());
            CHECK(api.tail().find("cannot use ") != std::string::npos);
            return false;
        }
        api.signal(SIGTERM);
        CHECK(api.wait_exit(patience) == exited(0));
        return true;
    };
    CHECK_FALSE(is_open(ends.from));
    if (is_open(ends.to)) CHECK(orders_in(ends.to) == order_count);  // it was just done
}

// Makes places for targets.
using NewPlace = std::function<std::string()>;

// Has copies killed, so many times. One that comes to its end before is taken back, and another one
// begun. Returns where the last one has brought the orders.
std::string copy_under_fire(const std::string& from, const NewPlace& new_place, int kills,
                            std::mt19937& random) {
    Ends ends{from, new_place()};
    bool is_looked_at = false;
    while (kills > 0) {
        ChildProcess copy(api_program(), ends.command());
        const std::chrono::milliseconds moment(any_of(random, 0, longest_run_ms));
        try {
            if (copy.wait_exit(moment) == exited(0)) {
                eventually(patience, [&] {
                    return run(api_program(), {"reopen", "--db", from}).ending == exited(0);
                });
                ends.to = new_place();
            }
            continue;
        } catch (const std::exception&) {
            copy.kill();
            --kills;
        }
        if (is_looked_at || kills > 1 || orders_in(ends.to) == 0) continue;
        is_looked_at = true;
        check_nobody_is_misled(ends);
    }
    (void)checksum_of(ends);
    return ends.to;
}

}  // namespace

TEST_CASE("copy_killed: a copy that is killed again and again is completed by the same command") {
    std::mt19937 random = seeded_random();
    OrderProcesses processes;
    processes.start_api();
    submit_many(processes);
    processes.stop_all();
    int places = 0;
    const NewPlace new_file = [&] {
        return processes.directory().file(std::to_string(++places) + ".db");
    };
    const NewPlace new_database = [&] {
        return common_postgres_server().make_database("copy_" + std::to_string(++places));
    };
    std::vector<NewPlace> ways{new_file};
    if (PostgresServer::is_available()) ways.insert(ways.end(), {new_database, new_file});
    std::string place = processes.database();
    const int kills = dose(4, 40);
    for (const NewPlace& way : ways) {
        place = copy_under_fire(place, way, kills, random);
        CAPTURE(place);
        CHECK_EQ(run(api_program(), {"verify", "--db", place}).output,
                 "sound: " + std::to_string(order_count) + " orders (" +
                     std::to_string(order_count) +
                     " Pending, 0 Processing, 0 Processed, 0 Failed, 0 Cancelled)\n");
    }
    check_store_is_consistent(place);
    CHECK(stored_orders(place).size() == order_count);
    const std::string checksum = checksum_of({place, new_file()});
    CHECK_EQ(run(api_program(), {"reopen", "--db", processes.database()}).ending, exited(0));
    CHECK_EQ(checksum_of({processes.database(), new_file()}), checksum);
    std::cout << "copies: " << places << " begun, " << kills * static_cast<int>(ways.size())
              << " kills" << std::endl;
}

TEST_CASE(
    "copy_killed: a server that crashes under a copy ends it, and the same again completes it") {
    if (is_postgres_missing()) return;
    std::mt19937 random = seeded_random();
    PostgresServer server(PostgresServer::Sync::on);
    OrderProcesses processes;
    processes.start_api();
    submit_many(processes);
    processes.stop_all();
    const std::string url = server.make_database("crashed");
    const std::string back = processes.directory().file("back.db");
    for (const Ends& ends : {Ends{processes.database(), url}, Ends{url, back}}) {
        for (int crash = 0; crash < dose(2, 10); ++crash) {
            ChildProcess copy(api_program(), ends.command());
            const std::chrono::milliseconds moment(any_of(random, 100, longest_run_ms / 2));
            bool has_ended = true;
            try {
                (void)copy.wait_exit(moment);
            } catch (const std::exception&) {
                has_ended = false;
            }
            server.kill();
            const Ending ending = copy.wait_exit(patience);
            if (!has_ended) CHECK((ending == exited(1) || ending == exited(0)));
            server.start();
        }
        (void)checksum_of(ends);
    }
    check_store_is_consistent(back);
    CHECK(stored_orders(back).size() == order_count);
}

}  // namespace orders::test
