// pgbouncer in front of PostgreSQL, in transaction mode and with two connections for all programs:
// what is left in a session is lost, or another's. Nothing may depend on that.

#include <doctest/doctest.h>

#include <iostream>
#include <string>
#include <vector>

#include "tests/faults/order_clients.h"
#include "tests/faults/postgres_audit.h"
#include "tests/faults/storm.h"
#include "tests/support/dose.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/pgbouncer.h"
#include "tests/support/postgres_server.h"
#include "tests/support/seed.h"
#include "tests/support/skipped.h"

namespace orders::test {
namespace {

constexpr char database[] = "orders";
constexpr int pool_size = 2;

bool is_missing() {
    if (!PostgresServer::is_available()) {
        skipped("PostgreSQL is not installed");
    } else if (!PgBouncer::is_available()) {
        skipped("pgbouncer is not here");
    } else {
        return false;
    }
    return true;
}

}  // namespace

TEST_CASE("postgres_pooled: programs say once that nothing rings there, and find work by looking") {
    if (is_missing()) return;
    PostgresServer server(PostgresServer::Sync::off);
    (void)server.make_database(database);
    const PgBouncer pooler(server, pool_size);
    OrderProcesses processes;
    processes.set("DATABASE_URL", pooler.url_of(database));
    ChildProcess& api = processes.start_api();
    ChildProcess& worker = processes.start_worker();
    for (int order = 1; order <= 5; ++order) {
        const std::string id = "order-" + std::to_string(order);
        processes.submit(order_json(id));
        const HttpAnswer ended =
            processes.client().get("/api/v1/orders/" + id + "?wait_seconds=20");
        CHECK_EQ(ended.json().at("status"), "Processed");
    }
    for (ChildProcess* program : {&api, &worker}) {
        CHECK_EQ(program->count_lines(" a pooler keeps the database's notifications back"), 1);
        CHECK_EQ(program->count_lines(" error "), 0);
    }
}

// Without the cases of the bell, which does not ring there. The short form has those of orders'
// lives; each takes a database, and the pooler some time to connect to it.
TEST_CASE("postgres_pooled: the contract of the store holds") {
    if (is_missing()) return;
    std::vector<std::string> arguments{"--test-case-exclude=watch*,end_watch*"};
    if (!is_long_form()) arguments.emplace_back("--test-case=submit*,claim*,settle*");
    ChildProcess contract(std::string(ORDERS_BINARY_DIR) + "/postgres_contract_tests", arguments,
                          {{"ORDERS_TEST_POOLED", "1"}});
    const Ending ending = contract.wait_exit(is_long_form() ? time_to_finish : 2 * patience);
    CHECK_MESSAGE(ending == exited(0), contract.output());
    const std::string output = contract.output();
    std::cout << "contract through pgbouncer: " << output.substr(output.find("test cases:"))
              << std::endl;
}

TEST_CASE("postgres_pooled: nothing is lost and nothing done twice, whoever is killed") {
    if (is_missing()) return;
    std::mt19937 random = seeded_random();
    PostgresServer server(PostgresServer::Sync::on);
    (void)server.make_database(database);
    const PgBouncer pooler(server, pool_size);
    Storm storm(random);
    storm.processes.set("DATABASE_URL", pooler.url_of(database));
    storm.start_first_api();
    record_wrong_steps(server, database);
    storm.start_workers();
    OrderClients clients(4, "client", random, [&] { return storm.processes.port(); });
    const int wanted_kills = dose(5, 300);
    while (storm.kills < wanted_kills) storm.kill_somebody_at_work(clients);
    const ClientLog log = clients.stop();
    check_after_storm(server, database, storm, log);
    std::cout << "kill storm through pgbouncer: " << storm.kills << " kills, "
              << log.acknowledged.size() << " orders acknowledged, " << log.maybe.size()
              << " perhaps, " << log.refused.size() << " refused; the longest answer took "
              << log.longest.count() << " ms" << std::endl;
}

}  // namespace orders::test
