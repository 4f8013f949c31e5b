// The kill storm on PostgreSQL: besides the API and the workers, the server crashes under load and
// recovers, with commits under way whose answers nobody gets. What was acknowledged must be there,
// as it was sent, and must have ended once.

#include <doctest/doctest.h>

#include <iostream>

#include "tests/faults/order_clients.h"
#include "tests/faults/postgres_audit.h"
#include "tests/faults/storm.h"
#include "tests/support/dose.h"
#include "tests/support/postgres_server.h"
#include "tests/support/seed.h"

namespace orders::test {
namespace {

constexpr char database[] = "orders";

}  // namespace

TEST_CASE("postgres_killed: nothing is lost and nothing done twice, whoever is killed") {
    if (is_postgres_missing()) return;
    std::mt19937 random = seeded_random();
    PostgresServer server(PostgresServer::Sync::on);
    Storm storm(random);
    storm.processes.set("DATABASE_URL", server.make_database(database));
    storm.start_first_api();
    record_wrong_steps(server, database);
    storm.start_workers();
    OrderClients clients(4, "client", random, [&] { return storm.processes.port(); });
    const int wanted_kills = dose(20, 300);
    int crashes = 0;
    while (storm.kills + crashes < wanted_kills) {
        storm.kill_somebody_at_work(clients);
        if (storm.kills / 3 > crashes) {
            server.kill();
            server.start();
            ++crashes;
        }
    }
    const ClientLog log = clients.stop();
    check_after_storm(server, database, storm, log);
    std::cout << "kill storm on PostgreSQL: " << storm.kills << " kills, " << crashes
              << " crashes of the server, " << log.acknowledged.size() << " orders acknowledged, "
              << log.maybe.size() << " perhaps, " << log.refused.size() << " refused" << std::endl;
}

}  // namespace orders::test
