// `order-api copy` from a file to PostgreSQL, and back.

#include <doctest/doctest.h>

#include <string>

#include "tests/e2e/copy_runs.h"
#include "tests/support/order_processes.h"
#include "tests/support/postgres_server.h"
#include "tests/support/program_run.h"
#include "tests/support/store_audit.h"

namespace orders::test {

TEST_CASE("copy: a service moves from a file to PostgreSQL, and back") {
    if (is_postgres_missing()) return;
    OrderProcesses processes;
    const std::string from = processes.database();
    const std::string url = common_postgres_server().make_database("moved");
    const std::string back = processes.directory().file("back.db");
    processes.start_api();
    submit_some(processes);
    processes.stop_all();
    CHECK_FALSE(checksum_of(copy(from, url)).empty());
    CHECK_EQ(verify(url), verify(from));

    processes.set("DATABASE_URL", url);
    processes.start_api();
    processes.submit(order_json("there"));
    check_refused(copy(url, back), 1, {"a program has it open: connections of this project's"});
    processes.start_worker({"--simulate", "default"});
    processes.finished_order("there");
    check_refused(copy(url, back), 1, {"a program has it open: the worker "});
    processes.stop_all();
    const std::string before = verify(url);
    CHECK_FALSE(checksum_of(copy(url, back)).empty());
    CHECK_EQ(verify(back), before);
    check_store_is_consistent(back);
    check_refused(run(api_program(), {"--db", url}), 1, {"its orders were moved to " + back});

    processes.start_api({"--db", back});
    processes.start_worker({"--db", back});
    processes.submit(order_json("here"));
    processes.counts_when_finished(42);
}

}  // namespace orders::test
