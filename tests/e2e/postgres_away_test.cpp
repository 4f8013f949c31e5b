// A PostgreSQL server that is away, at the start or later: both programs wait for it, say so once,
// and once that it is back. What waiting cannot mend ends them.

#include <doctest/doctest.h>
#include <signal.h>

#include <string>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/free_port.h"
#include "tests/support/order_processes.h"
#include "tests/support/postgres_server.h"
#include "tests/support/program_run.h"

namespace orders::test {
namespace {

constexpr const char* lost = " the database cannot be reached";
constexpr const char* back = " the database is reached again";

int status_at(int port, const std::string& path) {
    return status_of(HttpClient(port).attempt({"GET", path}));
}

void wait_for_status(int port, const std::string& path, int status) {
    int seen = 0;
    CAPTURE(path);
    eventually(patience, [&] { return (seen = status_at(port, path)) == status; });
    CHECK_EQ(seen, status);
}

// Both programs, which wait for the database of this URL, until `mend` has been called.
template <typename Mend>
void check_start_waits(const std::string& url, Mend mend, const std::string& reason = "") {
    OrderProcesses processes;
    processes.set("DATABASE_URL", url);
    const int port = free_port();
    ChildProcess& api = processes.launch(api_program(), {"--port", std::to_string(port)});
    ChildProcess& worker = processes.launch(worker_program(), {});
    for (ChildProcess* program : {&api, &worker}) {
        CHECK(program->wait_for_line(lost, patience).find(reason) != std::string::npos);
    }
    wait_for_status(port, "/livez", 200);
    CHECK_EQ(status_at(port, "/readyz"), 503);
    CHECK_EQ(status_at(port, "/api/v1/report"), 503);
    CHECK_EQ(api.count_lines(" listening "), 0);
    mend();
    api.wait_for_line(" listening ", patience);
    worker.wait_for_line(" working ", patience);
    wait_for_status(port, "/readyz", 200);
    for (ChildProcess* program : {&api, &worker}) {
        CHECK_EQ(program->count_lines(lost), 1);
        CHECK_EQ(program->count_lines(back), 1);
    }
}

}  // namespace

TEST_CASE("postgres_away: programs wait at their start for a server that is not there") {
    if (is_postgres_missing()) return;
    PostgresServer server(PostgresServer::Sync::off);
    const std::string url = server.make_database("orders");
    server.kill();
    check_start_waits(url, [&] { server.start(); });
}

TEST_CASE("postgres_away: programs wait at their start for a server that is full") {
    if (is_postgres_missing()) return;
    PostgresServer& server = common_postgres_server();
    std::string url = server.make_database("limited");
    server.run("limited", "CREATE ROLE guest LOGIN CONNECTION LIMIT 0");
    server.run("limited", "GRANT CREATE ON DATABASE limited TO guest");
    url.replace(url.find("orders@"), 6, "guest");
    check_start_waits(url, [&] { server.run("limited", "ALTER ROLE guest CONNECTION LIMIT -1"); });
}

TEST_CASE("postgres_away: programs wait at their start for a standby to be promoted") {
    if (is_postgres_missing()) return;
    PostgresServer primary(PostgresServer::Sync::off);
    (void)primary.make_database("orders");
    PostgresServer standby(PostgresServer::Sync::off);
    standby.follow(primary);
    check_start_waits(
        standby.url_of("orders"), [&] { standby.promote(); }, "session is read-only");
}

TEST_CASE("postgres_away: one that stops while it waits ends at once") {
    if (is_postgres_missing()) return;
    PostgresServer server(PostgresServer::Sync::off);
    const std::string url = server.make_database("orders");
    server.kill();
    OrderProcesses processes;
    processes.set("DATABASE_URL", url);
    for (const std::string& program : {api_program(), worker_program()}) {
        ChildProcess& waiting = processes.launch(program, {});
        waiting.wait_for_line(lost, patience);
        waiting.signal(SIGTERM);
        CHECK_EQ(waiting.wait_exit(patience), exited(0));
    }
}

TEST_CASE("postgres_away: the loss of the server is said once, and so is its return") {
    if (is_postgres_missing()) return;
    PostgresServer server(PostgresServer::Sync::on);
    OrderProcesses processes;
    processes.set("DATABASE_URL", server.make_database("orders"));
    ChildProcess& api = processes.start_api();
    ChildProcess& worker = processes.start_worker();
    processes.submit(order_json("before"));
    server.kill();
    for (ChildProcess* program : {&api, &worker}) program->wait_for_line(lost, patience);
    wait_for_status(processes.port(), "/readyz", 503);
    CHECK_EQ(status_at(processes.port(), "/livez"), 200);
    server.start();
    for (ChildProcess* program : {&api, &worker}) program->wait_for_line(back, patience);
    wait_for_status(processes.port(), "/readyz", 200);
    processes.submit(order_json("after"));
    for (const char* const id : {"before", "after"}) {
        CHECK_EQ(processes.finished_order(id).at("status"), "Processed");
    }
    for (ChildProcess* program : {&api, &worker}) {
        CHECK_EQ(program->count_lines(lost), 1);
        CHECK_EQ(program->count_lines(back), 1);
        CHECK_EQ(program->count_lines(" orders failed"), 0);
        CHECK_EQ(program->count_lines(" report failed"), 0);
    }
}

TEST_CASE("postgres_away: what waiting cannot mend ends a program") {
    if (is_postgres_missing()) return;
    PostgresServer& server = common_postgres_server();
    const auto as_guest = [](std::string url) {
        return url.replace(url.find("orders@"), 6, "visitor");
    };
    const std::string newer = server.make_database("newer_schema");
    CHECK_EQ(run(api_program(), {"verify"}, {{"DATABASE_URL", newer}}).ending, exited(1));
    server.run("newer_schema",
               "CREATE SCHEMA orders; CREATE TABLE orders.schema_migrations (version integer);"
               " INSERT INTO orders.schema_migrations VALUES (1000)");
    server.run("template1", "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'");
    server.run("template1", "CREATE ROLE visitor LOGIN");
    const std::string forbidden = server.make_database("forbidden");
    struct Case {
        std::string url;
        std::string word;
    };
    const std::vector<Case> cases{{newer, "newer"},
                                  {server.url_of("latin"), "LATIN1"},
                                  {server.url_of("nowhere"), "does not exist"},
                                  {as_guest(forbidden), "permission denied"}};
    for (const auto& [url, word] : cases) {
        for (const std::string& program : {api_program(), worker_program()}) {
            check_refused(run(program, {}, {{"DATABASE_URL", url}, {"API_PORT", "0"}}), 1, {word});
        }
    }
}

}  // namespace orders::test
