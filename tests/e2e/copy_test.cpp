// `order-api copy`: a service moves to another place, with what is open going on there, and never
// runs in both.

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "tests/e2e/copy_runs.h"
#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"
#include "tests/support/store_audit.h"

namespace orders::test {

TEST_CASE("copy: a service moves to another file, and what is open is done there") {
    OrderProcesses processes;
    const std::string from = processes.database();
    const std::string to = processes.directory().file("moved.db");
    processes.start_api();
    submit_some(processes);
    check_refused(copy(from, to), 1, {"cannot copy " + from + ": a program has it open"});
    CHECK_FALSE(std::filesystem::exists(to));
    processes.stop_all();
    const Run copied = copy(from, to);
    CHECK_EQ(copied.output.find("copied 40 orders from " + from + " to " + to + " in "), 0);
    CHECK_FALSE(checksum_of(copied).empty());
    CHECK_EQ(verify(to), verify(from));
    check_store_is_consistent(to);

    // Nobody does them in both places.
    for (const std::string& program : {api_program(), worker_program()}) {
        check_refused(run(program, {"--db", from}), 1,
                      {"cannot use " + from + ": its orders were moved to " + to,
                       "order-api reopen --db " + from});
    }
    const Run again = copy(from, to);
    CHECK_EQ(again.ending, exited(0));
    CHECK_EQ(again.output.find("the orders of " + from + " are in " + to + " since"), 0);

    processes.set("DB_PATH", to);
    processes.start_api();
    processes.start_worker();
    processes.submit(order_json("new"));
    processes.counts_when_finished(41);
}

TEST_CASE("copy: reopen takes the source back as it was, and nothing else") {
    OrderProcesses processes;
    const std::string from = processes.database();
    const std::string to = processes.directory().file("moved.db");
    processes.start_api();
    submit_some(processes);
    check_refused(run(api_program(), {"reopen", "--db", from}), 1, {"a program has it open"});
    processes.stop_all();
    check_refused(run(api_program(), {"reopen", "--db", from}), 1, {"it is not closed"});
    CHECK_EQ(copy(from, to).ending, exited(0));
    check_refused(run(api_program(), {"reopen", "--db", to}), 1, {"it is not closed"});
    CHECK_EQ(run(api_program(), {"reopen", "--db", from}).ending, exited(0));
    processes.start_api();
    processes.start_worker();
    processes.counts_when_finished(40);
}

TEST_CASE("copy: a command line that cannot be meant ends it with 2, and touches nothing") {
    const TempDir directory;
    const std::string file = directory.file("orders.db");
    check_refused(run(api_program(), {"copy"}), 2, {"copy needs --from STORE"});
    check_refused(run(api_program(), {"copy", "--from", file}), 2, {"copy needs --to STORE"});
    check_refused(run(api_program(), {"--from", file, "--to", "x"}), 2,
                  {"--from belongs to the command copy"});
    check_refused(copy(file, file), 2, {"--from and --to name the same store"});
    check_refused(copy(file, directory.file("./orders.db")), 2, {"the same store"});
    check_refused(run(api_program(), {"copy", "--from", file, "--to", "x", "--db", file}), 2,
                  {"copy takes --from and --to, not --db"});
    check_refused(copy(":memory:", file), 2, {"--from: "});
    check_refused(copy(file, "mysql://db/orders"), 2, {"--to: URLs are not supported"});
    const Run shown = copy(file, "postgresql://me:hidden@db/orders");
    check_refused(shown, 2, {"--to: others can read a password", "PGPASSFILE"});
    CHECK_EQ(shown.error_lines.at(0).find("hidden"), std::string::npos);
    check_refused(copy(file, directory.file("to.db")), 1, {file});  // there is no such file
    CHECK(std::filesystem::is_empty(directory.path()));
    check_refused(run(worker_program(), {"copy", "--from", file, "--to", "x"}), 2, {"'copy'"});
}

TEST_CASE("copy: it is refused if there are orders where they are to go") {
    OrderProcesses processes;
    const std::string from = processes.database();
    processes.start_api();
    processes.submit(order_json("one"));
    processes.stop_all();
    const std::string other = processes.directory().file("other.db");
    processes.set("DB_PATH", other);
    processes.start_api();
    processes.submit(order_json("two"));
    processes.stop_all();
    check_refused(copy(from, other), 1,
                  {"cannot copy to " + other + ": there are orders in it", "move " + other});
    processes.set("DB_PATH", from);
    processes.start_api();  // it is not closed
}

}  // namespace orders::test
