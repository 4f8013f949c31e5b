// One store under one name: programs end when what lies there is no longer theirs, meet in one
// store whatever they call it, and open a backup that was put back, not what was left beside it.

#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>
#include <string>
#include <vector>

#include "shared/program/run_program.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"

namespace orders::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::vector<json> numbered_orders(const std::string& name, int count) {
    std::vector<json> orders;
    for (int i = 0; i < count; ++i) orders.push_back(order_json(name + std::to_string(i)));
    return orders;
}

void back_up(const OrderProcesses& processes, const std::string& file) {
    CHECK_EQ(run(api_program(), {"backup", file}, {{"DB_PATH", processes.database()}}).ending,
             exited(0));
}

// An API with 20 orders in the copy and 400 that came later.
ChildProcess& start_api_and_back_up(OrderProcesses& processes, const std::string& copy) {
    ChildProcess& api = processes.start_api();
    processes.submit_all(numbered_orders("kept-", 20));
    back_up(processes, copy);
    processes.submit_all(numbered_orders("undone-", 400));
    return api;
}

// Just the 20 of the copy, and nothing of the log beside it.
void check_copy_is_opened(OrderProcesses& processes) {
    ChildProcess& api = processes.start_api();
    CHECK_EQ(api.count_lines("set aside"), 1);
    CHECK_EQ(processes.counts()["Pending"], 20);
    CHECK_EQ(run(api_program(), {"verify"}, {{"DB_PATH", processes.database()}}).ending, exited(0));
}

}  // namespace

TEST_CASE("store_place: both programs end with a status of their own if the store is replaced") {
    OrderProcesses processes;
    const std::string home = processes.directory().file("home");
    const std::string database = home + "/orders.db";
    const std::string copy = processes.directory().file("copy.db");
    fs::create_directory(home);
    processes.set("DB_PATH", database);
    ChildProcess& api = processes.start_api();
    ChildProcess& worker = processes.start_worker();
    processes.submit(order_json("before"));
    back_up(processes, copy);
    SUBCASE("removed") {
        for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(database + suffix);
    }
    SUBCASE("its directory moved, and a new one made") {
        fs::rename(home, home + ".old");
        fs::create_directory(home);
    }
    SUBCASE("another moved over it") {
        fs::rename(copy, database);
    }
    SUBCASE("another copied over it") {
        fs::copy_file(copy, database, fs::copy_options::overwrite_existing);
    }
    try {
        const auto late = processes.client().post("/api/v1/orders", order_json("late"));
        CHECK_NE(late.status, 200);
    } catch (const std::exception& gone) {
        MESSAGE("the API had ended already: ", gone.what());
    }
    for (ChildProcess* program : {&api, &worker}) {
        CHECK_EQ(program->wait_exit(patience), exited(exit_store_replaced));
        CHECK_EQ(program->count_lines("the store was replaced"), 1);
    }
}

TEST_CASE("store_place: what is copied over a store stays as it is when the programs end") {
    OrderProcesses processes;
    const std::string copy = processes.directory().file("copy.db");
    ChildProcess& api = start_api_and_back_up(processes, copy);
    SUBCASE("by themselves") {
        fs::copy_file(copy, processes.database(), fs::copy_options::overwrite_existing);
        CHECK_EQ(api.wait_exit(patience), exited(exit_store_replaced));
    }
    SUBCASE("because they are told to") {
        api.signal(SIGSTOP);
        fs::copy_file(copy, processes.database(), fs::copy_options::overwrite_existing);
        api.signal(SIGTERM);
        api.signal(SIGCONT);
        (void)api.wait_exit(patience);
    }
    check_copy_is_opened(processes);
}

TEST_CASE("store_place: an API and a worker meet in one store, though one comes by a link") {
    OrderProcesses processes;
    const std::string link = processes.directory().file("link.db");
    fs::create_symlink(processes.database(), link);
    ChildProcess& api = processes.start_api({"--db", link});
    ChildProcess& worker = processes.start_worker();
    processes.submit(order_json("a"));
    CHECK_EQ(processes.finished_order("a")["status"], "Processed");
    CHECK(fs::exists(processes.database() + ".turnstile-a"));
    CHECK_FALSE(fs::exists(link + ".turnstile-a"));

    const std::string path = fs::canonical(processes.database()).string();
    CHECK_EQ(log_field(api.wait_for_line(" listening ", patience), "db"), path);
    CHECK_EQ(log_field(worker.wait_for_line(" working ", patience), "db"), path);
}

TEST_CASE("store_place: a backup that is put back beside a left-over log is what is opened") {
    OrderProcesses processes;
    const std::string copy = processes.directory().file("copy.db");
    start_api_and_back_up(processes, copy).kill();
    fs::copy_file(copy, processes.database(), fs::copy_options::overwrite_existing);
    check_copy_is_opened(processes);
}

TEST_CASE("store_place: what can be no store is refused, and nothing is left beside it") {
    for (const std::string& program : {api_program(), worker_program()}) {
        check_refused(run(program, {"--db", "/dev/null"}), exit_failure, {"not a plain file"});
        CHECK_FALSE(fs::exists("/dev/null.turnstile-a"));
        CHECK_FALSE(fs::exists("/dev/null.presence"));
    }
}

}  // namespace orders::test
