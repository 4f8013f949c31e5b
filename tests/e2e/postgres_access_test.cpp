// Who may use a PostgreSQL server's orders, and how they show who they are: passwords, which are
// told nowhere, rights, and TLS.

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/file_contents.h"
#include "tests/support/order_processes.h"
#include "tests/support/postgres_server.h"
#include "tests/support/program_run.h"

namespace orders::test {
namespace {

using Environment = OrderProcesses::Environment;

// With what libpq, URLs and files of passwords treat in a way of their own.
const std::string password = R"(s3c%r:t/w@rd#[\x"y?)";
const std::string encoded_password = "s3c%25r%3At%2Fw%40rd%23%5B%5Cx%22y%3F";

// What it says to others: its log, its output, and its command line.
void check_tells_no(const std::string& part, const ChildProcess& program) {
    CHECK_EQ(program.count_lines(part), 0);
    CHECK_EQ(program.output().find(part), std::string::npos);
    const std::string command = contents_of("/proc/" + std::to_string(program.pid()) + "/cmdline");
    CHECK_EQ(command.find(part), std::string::npos);
}

std::string with_user(std::string url, const std::string& user) {
    return url.replace(url.find("orders@"), 6, user);
}

// A database that belongs to a role, which has to show its password.
struct Guarded {
    Guarded() {
        url = server.make_database("guarded");
        server.run("guarded", "CREATE ROLE app LOGIN PASSWORD '" + password + "'");
        server.run("guarded", "ALTER DATABASE guarded OWNER TO app");
        server.set_access("local all app scram-sha-256\nhost all app all scram-sha-256");
    }

    PostgresServer server{PostgresServer::Sync::off};
    std::string url;
};

// Both programs do their work, and do not tell the password.
void check_works(const Environment& environment) {
    static int orders = 0;
    const std::string id = "order-" + std::to_string(++orders);
    OrderProcesses processes;
    for (const auto& [name, value] : environment) processes.set(name, value);
    ChildProcess& api = processes.start_api();
    ChildProcess& worker = processes.start_worker();
    processes.submit(order_json(id));
    CHECK_EQ(processes.finished_order(id)["status"], "Processed");
    for (const ChildProcess* program : {&api, &worker}) {
        for (const std::string& part : {password, encoded_password, std::string("s3c")}) {
            check_tells_no(part, *program);
        }
    }
}

// Both programs end at once, with a line that has the words.
void check_fails(Environment environment, int status, const std::vector<std::string>& words) {
    environment.insert({"API_PORT", "0"});
    for (const std::string& program : {api_program(), worker_program()}) {
        check_refused(run(program, {}, environment), status, words);
    }
}

}  // namespace

TEST_CASE("postgres_access: a password comes from the URL, a file or the environment, untold") {
    if (is_postgres_missing()) return;
    const Guarded guarded;
    const TempDir directory;
    check_works({{"DATABASE_URL", with_user(guarded.url, "app:" + encoded_password)}});
    check_works({{"DATABASE_URL", guarded.url + "?user=app&password=" + encoded_password}});
    const std::string url = with_user(guarded.url, "app");
    check_works({{"DATABASE_URL", url}, {"PGPASSWORD", password}});
    const std::string file = directory.file("pgpass");
    std::ofstream(file) << R"(*:*:*:app:s3c%r\:t/w@rd#[\\x"y?)" << '\n';
    std::filesystem::permissions(file, std::filesystem::perms::owner_read);
    check_works({{"DATABASE_URL", url}, {"PGPASSFILE", file}});
}

TEST_CASE("postgres_access: who shows no password, or a wrong one, is told so, and no password") {
    if (is_postgres_missing()) return;
    const Guarded guarded;
    check_fails({{"DATABASE_URL", with_user(guarded.url, "app")}}, 1, {"no password supplied"});
    check_fails({{"DATABASE_URL", with_user(guarded.url, "app")}, {"PGPASSWORD", "hidden"}}, 1,
                {"password authentication failed"});
    // Each of these is wrong; some fall apart where the URL is taken apart, some look like a host,
    // a port or a database then, and some are parts of what the server says.
    for (const std::string& wrong :
         {std::string("hid%25den"), std::string("hid%den"), std::string("hid/den"),
          std::string("hid@den"), std::string("hid#den"), std::string("hid[den"),
          std::string("[hidden"), std::string("hid:den"), std::string("hid?den"),
          std::string("123/hidden"), std::string("123?hidden"), std::string("hidden&x=y"),
          std::string("/hidden"), std::string("//hidden"), std::string("@hidden"),
          std::string("app"), std::string("password"), std::string("authentication")}) {
        CAPTURE(wrong);
        for (const std::string& program : {api_program(), worker_program()}) {
            const Run refused =
                run(program, {},
                    {{"DATABASE_URL", with_user(guarded.url, "app:" + wrong)}, {"API_PORT", "0"}});
            CHECK((refused.ending == exited(1) || refused.ending == exited(2)));
            REQUIRE_EQ(refused.error_lines.size(), 1);
            for (const char* const part : {"hidden", "den", "hid"}) {
                CHECK_MESSAGE(refused.error_lines[0].find(part) == std::string::npos,
                              refused.error_lines[0]);
            }
        }
    }
}

TEST_CASE("postgres_access: who is not let in is told so") {
    if (is_postgres_missing()) return;
    const Guarded guarded;
    const PostgresServer& server = guarded.server;
    const Environment environment{{"DATABASE_URL", with_user(guarded.url, "app")},
                                  {"PGPASSWORD", password}};
    server.run("guarded", "ALTER ROLE app NOLOGIN");
    check_fails(environment, 1, {"not permitted to log in"});
    server.run("guarded", "ALTER ROLE app LOGIN");
    server.run("guarded", "ALTER DATABASE guarded OWNER TO orders");
    server.run("guarded", "REVOKE CONNECT ON DATABASE guarded FROM PUBLIC");
    check_fails(environment, 1, {"permission denied for database"});
    server.set_access("local all app reject");
    check_fails(environment, 1, {"pg_hba.conf rejects"});
    server.set_access("");
    check_fails(environment, 1, {"no pg_hba.conf entry"});
}

TEST_CASE("postgres_access: a role that may only use the tables is enough") {
    if (is_postgres_missing()) return;
    PostgresServer& server = common_postgres_server();
    const std::string url = server.make_database("granted");
    check_works({{"DATABASE_URL", url}});
    server.run("granted",
               "CREATE ROLE granted LOGIN; GRANT USAGE ON SCHEMA orders TO granted;"
               " GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA orders TO granted;"
               " GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA orders TO granted");
    check_works({{"DATABASE_URL", with_user(url, "granted")}});
}

TEST_CASE("postgres_access: a role that lacks a right ends the program, which says which") {
    if (is_postgres_missing()) return;
    PostgresServer& server = common_postgres_server();
    const std::string url = server.make_database("lacking");
    check_works({{"DATABASE_URL", url}});
    server.run("lacking", "CREATE ROLE lacking LOGIN");
    const Environment environment{{"DATABASE_URL", with_user(url, "lacking")}};
    check_fails(environment, 1, {"permission denied for schema orders"});
    server.run("lacking",
               "GRANT USAGE ON SCHEMA orders TO lacking;"
               " GRANT SELECT ON ALL TABLES IN SCHEMA orders TO lacking");
    OrderProcesses processes;
    processes.set("DATABASE_URL", environment.at("DATABASE_URL"));
    processes.set("API_PORT", "0");
    // It may find out before it listens.
    ChildProcess& api = processes.launch(api_program(), {});
    ChildProcess& worker = processes.launch(worker_program(), {});
    for (ChildProcess* program : {&api, &worker}) {
        CHECK_EQ(program->wait_exit(patience), exited(1));
        CHECK_EQ(program->count_lines("permission denied for"), 1);
    }
}

TEST_CASE("postgres_access: TLS is had, or missed with a reason") {
    if (is_postgres_missing()) return;
    Guarded guarded;
    const std::string authority =
        "postgresql://app@127.0.0.1:" + std::to_string(guarded.server.listen()) +
        "/guarded?sslmode=";
    const auto with = [&](const std::string& mode) {
        return Environment{{"DATABASE_URL", authority + mode}, {"PGPASSWORD", password}};
    };
    check_works(with("prefer"));
    check_fails(with("require"), 1, {"does not support SSL"});
    const std::string certificate = guarded.server.allow_tls();
    check_works(with("require"));
    check_works(with("verify-full&sslrootcert=" + certificate));
    check_fails(with("verify-full&sslrootcert=/dev/null"), 1, {"certificate"});
    check_fails(with("verify-full&sslrootcert=/nowhere"), 1, {"/nowhere"});
    // The server's certificate is for another name.
    Environment by_name = with("verify-full&sslrootcert=" + certificate);
    by_name["DATABASE_URL"].replace(by_name["DATABASE_URL"].find("127.0.0.1"), 9, "localhost");
    check_fails(by_name, 1, {"localhost"});
}

TEST_CASE("postgres_access: a first start that is killed leaves nothing half made") {
    if (is_postgres_missing()) return;
    PostgresServer& server = common_postgres_server();
    const std::string url = server.make_database("half");
    for (int attempt = 0; attempt < 20; ++attempt) {
        OrderProcesses processes;
        processes.set("DATABASE_URL", url);
        ChildProcess& doomed = processes.launch(api_program(), {});
        // At any point of its start.
        std::this_thread::sleep_for(std::chrono::milliseconds(attempt * 3));
        doomed.kill();
        const std::string found = server.run(
            "half", "SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('orders')");
        const bool is_made = found != "0\n";
        if (is_made) {
            CHECK_EQ(run(api_program(), {"verify"}, {{"DATABASE_URL", url}}).ending, exited(0));
            server.run("half", "DROP SCHEMA orders CASCADE");
        }
    }
    check_works({{"DATABASE_URL", url}});
}

}  // namespace orders::test
