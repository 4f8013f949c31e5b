// The commands of both programs, as an operator meets them. What a backup and a verification are
// worth is in backup_test.cpp and verify_test.cpp.

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"
#include "tests/support/skipped.h"
#include "tests/support/store_audit.h"

namespace orders::test {
namespace {

using Flags = OrderProcesses::Flags;

std::vector<std::string> both_programs() {
    return {api_program(), worker_program()};
}

// Copies the store to where nobody can make sure that the copy's name is on disk, which is logged
// as a warning: into a directory that may be written but not read.
Run back_up_with_a_warning(const std::string& program, const std::string& database,
                           const Flags& flags) {
    const TempDir unreadable;
    std::filesystem::permissions(unreadable.path(), std::filesystem::perms(0300));
    std::vector<std::string> command{program, "backup", unreadable.file("copy.db"), "--db",
                                     database};
    command.insert(command.end(), flags.begin(), flags.end());
    if (::geteuid() == 0) {  // no mode keeps root out, unless it drops these capabilities
        const std::vector<std::string> as_anybody{"/usr/bin/setpriv",
                                                  "--bounding-set=-dac_override,-dac_read_search"};
        command.insert(command.begin(), as_anybody.begin(), as_anybody.end());
    }
    Run backup = run(command.front(), {command.begin() + 1, command.end()});
    std::filesystem::permissions(unreadable.path(), std::filesystem::perms(0700));
    return backup;
}

}  // namespace

TEST_CASE("commands: --help of both programs shows them") {
    for (const std::string& program : both_programs()) {
        const std::string help = run(program, {"--help"}).output;
        for (const char* command :
             {"  healthcheck\n", "  backup FILE\n", "  verify\n", "  restore FILE\n"}) {
            CHECK_MESSAGE(help.find(command) != std::string::npos, command);
        }
    }
}

TEST_CASE("commands: both programs back up, verify and restore a store alike") {
    OrderProcesses processes;
    processes.start_api();
    for (const char* id : {"a", "b", "c"}) processes.submit(order_json(id));
    processes.stop_all();
    for (const std::string& program : both_programs()) {
        CAPTURE(program);
        const std::string name = std::filesystem::path(program).filename().string();
        const std::string copy = processes.directory().file("copy-by-" + name);
        const Run backup = run(program, {"backup", copy, "--db", processes.database()});
        CHECK_EQ(backup.ending, exited(0));
        CHECK(backup.error_lines.empty());
        CHECK_EQ(backup.output.find("copied 3 orders to " + copy + ": "), 0);
        CHECK(stored_orders(copy) == stored_orders(processes.database()));
        // It is never replaced, and the line names the program.
        check_refused(run(program, {"backup", copy, "--db", processes.database()}), 1,
                      {name + ": ", "exists"});
        check_refused(run(program, {"backup", "--db", processes.database()}), 2, {"FILE"});

        const Run sound = run(program, {"verify", "--db", copy});
        CHECK_EQ(sound.ending, exited(0));
        CHECK_EQ(sound.output,
                 "sound: 3 orders (3 Pending, 0 Processing, 0 Processed, 0 Failed, 0 Cancelled)\n");
        run_sql(copy, "UPDATE order_counts SET orders = 2 WHERE orders = 3");
        const Run unsound = run(program, {"verify", "--db", copy});
        CHECK_EQ(unsound.ending, exited(1));
        CHECK(unsound.output.find("\nnot sound: 1 finding; ") != std::string::npos);
        check_refused(run(program, {"restore", copy, "--db", processes.database()}), 1,
                      {name + ": ", "not sound"});
        run_sql(copy, "UPDATE order_counts SET orders = 3 WHERE orders = 2");
        const Run restored = run(program, {"restore", copy, "--db", processes.database()});
        CHECK_EQ(restored.ending, exited(0));
        CHECK(restored.error_lines.empty());
        CHECK_EQ(restored.output.find("restored 3 orders from " + copy + ": "), 0);
        check_refused(run(program, {"restore", "--db", processes.database()}), 2, {"FILE"});
        check_refused(run(program, {"verify", "--db", processes.directory().file("none.db")}), 1,
                      {"no such file"});
        CHECK_FALSE(std::filesystem::exists(processes.directory().file("none.db")));
    }
}

TEST_CASE("commands: what they log has the level and the format that were asked for") {
    OrderProcesses processes;
    processes.start_api();
    processes.stop_all();
    for (const std::string& program : both_programs()) {
        CAPTURE(program);
        const Run json =
            back_up_with_a_warning(program, processes.database(), {"--log-format", "json"});
        CHECK_EQ(json.ending, exited(0));
        REQUIRE_EQ(json.error_lines.size(), 1);
        CHECK_EQ(nlohmann::json::parse(json.error_lines[0])["level"], "warn");

        const Run quiet =
            back_up_with_a_warning(program, processes.database(), {"--log-level", "ERROR"});
        CHECK_EQ(quiet.ending, exited(0));
        CHECK(quiet.error_lines.empty());
    }
}

TEST_CASE("commands: a location of another kind is refused with 2, and its password not shown") {
    const TempDir directory;
    const std::string location = "mysql://user:s3cret@host/orders";
    for (const std::string& program : both_programs()) {
        for (const Flags& command :
             {Flags{}, Flags{"healthcheck"}, Flags{"backup", directory.file("copy.db")},
              Flags{"verify"}, Flags{"restore", directory.file("copy.db")}}) {
            Flags flags = command;
            flags.insert(flags.end(), {"--db", location});
            for (const Run& refused :
                 {run(program, flags), run(program, command, {{"DB_PATH", location}})}) {
                check_refused(refused, 2,
                              {std::filesystem::path(program).filename().string() + ": "});
                CHECK(refused.error_lines[0].find("s3cret") == std::string::npos);
                CHECK(refused.error_lines[0].find("user") == std::string::npos);
            }
        }
    }
    CHECK(std::filesystem::is_empty(directory.path()));
}

TEST_CASE("commands: healthcheck of order-api tells whether the API is ready") {
    OrderProcesses processes;
    ChildProcess& api = processes.start_api();
    const Flags check{"healthcheck", "--port", std::to_string(processes.port())};
    CHECK_EQ(run(api_program(), check).ending, exited(0));
    api.signal(SIGTERM);
    CHECK_EQ(api.wait_exit(patience), exited(0));
    check_refused(run(api_program(), check), 1,
                  {"order-api", "host 127.0.0.1 port " + std::to_string(processes.port()),
                   "does not answer"});
    check_refused(run(api_program(), {"healthcheck", "--port", "nonsense"}), 2, {"--port"});
}

TEST_CASE("commands: healthcheck of order-worker tells whether the workers around it are live") {
    OrderProcesses processes;
    const Flags check{"healthcheck", "--db", processes.database()};
    CHECK_EQ(run(worker_program(), check).ending, exited(1));
    CHECK(!std::filesystem::exists(processes.database()));

    ChildProcess& worker = processes.start_worker();
    CHECK_EQ(run(worker_program(), check).ending, exited(0));
    worker.signal(SIGTERM);
    CHECK_EQ(worker.wait_exit(patience), exited(0));
    check_refused(run(worker_program(), check), 1,
                  {"order-worker: no worker lives in this container"});
}

TEST_CASE("commands: healthcheck notices at once that a worker has died without a word") {
    OrderProcesses processes;
    ChildProcess& worker = processes.start_worker({"--lease-seconds", "600"});
    const Flags check{"healthcheck", "--db", processes.database()};
    CHECK_EQ(run(worker_program(), check).ending, exited(0));
    worker.kill();
    check_refused(run(worker_program(), check), 1, {"order-worker: the worker ", "has died"});
}

TEST_CASE("commands: healthcheck of a named worker does not take another one for it") {
    OrderProcesses processes;
    const auto check = [&](const std::string& name) {
        return run(worker_program(),
                   {"healthcheck", "--db", processes.database(), "--worker-name", name});
    };
    ChildProcess& mail = processes.start_worker({"--worker-name", "mail"});
    processes.start_worker({}, {{"SERVICE_WORKER_NAME", "post"}});
    CHECK_EQ(worker_name(mail).find("mail-"), 0);
    CHECK_EQ(check("mail").ending, exited(0));
    CHECK_EQ(check("post").ending, exited(0));
    check_refused(check("other"), 1, {"no worker that lives is called 'other'"});
    mail.kill();
    CHECK_EQ(check("mail").ending, exited(1));
    CHECK_EQ(check("post").ending, exited(0));
}

TEST_CASE("commands: healthcheck does not go by the host's name") {
    const Flags in_another_host{"--uts", "sh", "-c", "hostname elsewhere && exec \"$0\" \"$@\"",
                                worker_program()};
    Flags version = in_another_host;
    version.push_back("--version");
    if (run("/usr/bin/unshare", version).ending != exited(0)) {
        return skipped("the host's name may not be changed here");
    }
    OrderProcesses processes;
    processes.start_worker();
    Flags check = in_another_host;
    check.insert(check.end(), {"healthcheck", "--db", processes.database()});
    CHECK_EQ(run("/usr/bin/unshare", check).ending, exited(0));
}

TEST_CASE("commands: a second worker that lives under a name is refused, a dead one's is free") {
    OrderProcesses processes;
    ChildProcess& first = processes.start_worker({"--worker-name", "mail"});
    ChildProcess& second =
        processes.launch(worker_program(), {"--worker-name", "mail", "--log-level", "ERROR"});
    CHECK_EQ(second.wait_exit(patience), exited(1));
    CHECK_EQ(second.error_lines().size(), 1);
    CHECK_EQ(second.count_lines("order-worker: cannot sign on as 'mail': a worker that lives has "
                                "this name (give each worker of a store a name of its own)"),
             1);
    first.kill();
    processes.start_worker({"--worker-name", "mail"});
    for (const char* name : {"a b", "", "_a", "a/b"}) {
        check_refused(run(worker_program(), {"--worker-name", name}), 2, {"--worker-name"});
    }
}

}  // namespace orders::test
