// Programs that get into each other's way on a PostgreSQL server: transactions that cross, sessions
// that are ended by an administrator, defaults of a database that nobody should rely on. No client
// sees any of it.

#include <doctest/doctest.h>

#include <algorithm>
#include <future>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/faults/model_check.h"
#include "tests/faults/order_clients.h"
#include "tests/faults/storm.h"
#include "tests/support/dose.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/postgres_server.h"
#include "tests/support/seed.h"
#include "tests/support/store_audit.h"

namespace orders::test {
namespace {

using nlohmann::json;

constexpr char database[] = "orders";

// How often each status stands in the answers to a batch.
std::map<std::string, int> results_of(const HttpAnswer& answer) {
    REQUIRE_MESSAGE(answer.status == 200, answer.body);
    std::map<std::string, int> results;
    const json body = answer.json();
    for (const json& result : body["results"]) ++results[result["status"]];
    return results;
}

// Clients and workers at full work, until `disturb` returns false.
template <typename Disturb>
ClientLog run_under_load(Storm& storm, Disturb disturb) {
    OrderClients clients(4, "client", storm.random, [&] { return storm.processes.port(); });
    do {
        eventually(patience,
                   [&, before = clients.answers()] { return clients.answers() > before + 5; });
    } while (disturb());
    ClientLog log = clients.stop();
    check_promises(evidence_at_end(storm.processes, log, time_to_finish));
    return log;
}

}  // namespace

TEST_CASE("postgres_crossing: batches that cross are all answered, and each order is made once") {
    if (is_postgres_missing()) return;
    // Two that wait for each other are found at once, instead of after a second.
    PostgresServer server(PostgresServer::Sync::off, "deadlock_timeout = 1ms");
    OrderProcesses processes;
    processes.set("DB_PATH", server.make_database(database));
    std::vector<int> ports;
    for (int api = 0; api < 2; ++api) {
        processes.start_api();
        ports.push_back(processes.port());
    }
    // So slow that both are under way at the same time.
    server.run(database,
               "CREATE FUNCTION public.dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
               " PERFORM pg_sleep(0.001); RETURN NEW; END $$;"
               " CREATE TRIGGER dawdle BEFORE INSERT ON orders.orders"
               " FOR EACH ROW EXECUTE FUNCTION public.dawdle()");
    constexpr int orders = 50;
    const int rounds = dose(20, 500);
    for (int round = 0; round < rounds; ++round) {
        std::vector<json> batch;
        for (int order = 0; order < orders; ++order) {
            batch.push_back(order_json(std::to_string(round) + "-" + std::to_string(order)));
        }
        std::vector<std::future<HttpAnswer>> answers;
        for (const int port : ports) {
            answers.push_back(std::async(std::launch::async, [port, batch] {
                return HttpClient(port).post("/api/v1/orders/batch", {{"orders", batch}});
            }));
            std::reverse(batch.begin(), batch.end());
        }
        std::map<std::string, int> all;
        for (auto& answer : answers) {
            for (const auto& [status, times] : results_of(answer.get())) all[status] += times;
        }
        CHECK_EQ(all.at("created"), orders);
        CHECK_EQ(all.size(), 2);
    }
    const int deadlocks = std::stoi(
        server.run(database,
                   "SELECT pg_stat_force_next_flush(); SELECT deadlocks FROM pg_stat_database"
                   " WHERE datname = current_database()"));
    CHECK_GT(deadlocks, 0);
    CHECK(processes.lines_with(" error ").empty());
    processes.start_worker({"--time-unit-ms", "0"});
    processes.counts_when_finished(orders * rounds);
    std::cout << "batches that crossed: " << 2 * rounds << ", deadlocks: " << deadlocks
              << std::endl;
}

TEST_CASE("postgres_crossing: sessions that are ended at random lose nothing") {
    if (is_postgres_missing()) return;
    std::mt19937 random = seeded_random();
    PostgresServer server(PostgresServer::Sync::on);
    Storm storm(random);
    storm.processes.set("DB_PATH", server.make_database(database));
    storm.begin();
    const int wanted = dose(60, 1'500);
    int ended = 0;
    const ClientLog log = run_under_load(storm, [&] {
        ended += std::stoi(server.run(
            database,
            "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity"
            " WHERE application_name = 'orders' ORDER BY state = 'idle', random() LIMIT 2) s"));
        return ended < wanted;
    });
    std::cout << "sessions ended: " << ended << ", orders acknowledged: " << log.acknowledged.size()
              << ", perhaps: " << log.maybe.size() << ", refused: " << log.refused.size()
              << std::endl;
}

TEST_CASE("postgres_crossing: what a database has as its defaults changes nothing") {
    if (is_postgres_missing()) return;
    std::mt19937 random = seeded_random();
    PostgresServer server(PostgresServer::Sync::off);
    Storm storm(random);
    storm.processes.set("DB_PATH", server.make_database(database));
    for (const char* const setting :
         {"default_transaction_isolation = 'serializable'", "default_transaction_deferrable = on",
          "search_path = nowhere", "DateStyle = 'SQL, DMY'", "IntervalStyle = 'sql_standard'",
          "bytea_output = 'escape'", "extra_float_digits = -15", "TimeZone = 'Asia/Kolkata'",
          "standard_conforming_strings = off", "transform_null_equals = on",
          "statement_timeout = 1000", "lc_messages = 'C'", "client_encoding = 'LATIN1'"}) {
        server.run(database, "ALTER DATABASE orders SET " + std::string(setting));
    }
    storm.begin();
    const int wanted = dose(300, 3'000);
    int rounds = 0;
    const ClientLog log = run_under_load(storm, [&] { return ++rounds < wanted / 10; });
    CHECK(log.refused.empty());
    CHECK(log.maybe.empty());
    CHECK(storm.processes.lines_with(" error ").empty());
}

TEST_CASE("postgres_crossing: commits last, whatever is set while the programs run") {
    if (is_postgres_missing()) return;
    PostgresServer server(PostgresServer::Sync::off);
    OrderProcesses processes;
    processes.set("DB_PATH", server.make_database(database));
    processes.start_api();
    server.run(database,
               "CREATE TABLE public.modes (mode text);"
               " CREATE FUNCTION public.note_mode() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
               " INSERT INTO public.modes VALUES (current_setting('synchronous_commit'));"
               " RETURN NULL; END $$;"
               " CREATE TRIGGER modes AFTER INSERT OR UPDATE ON orders.orders"
               " FOR EACH STATEMENT EXECUTE FUNCTION public.note_mode()");
    processes.start_worker();
    for (const char* const mode : {"off", "local", "remote_apply"}) {
        server.set("synchronous_commit", mode);
        processes.submit(order_json(mode));
        processes.finished_order(mode);
    }
    CHECK_EQ(server.run(database, "SELECT mode FROM public.modes WHERE mode IN ('off', 'local')"),
             "");
    CHECK_NE(server.run(database, "SELECT mode FROM public.modes WHERE mode = 'remote_apply'"), "");
    // They do not start where it is so from the beginning.
    server.set("synchronous_commit", "off");
    processes.stop_all();
    for (const std::string& program : {api_program(), worker_program()}) {
        ChildProcess& refused = processes.launch(program, {});
        CHECK_EQ(refused.wait_exit(patience), exited(1));
        CHECK_EQ(refused.count_lines("synchronous_commit is off"), 1);
    }
}

}  // namespace orders::test
