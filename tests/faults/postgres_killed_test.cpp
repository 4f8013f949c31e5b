// The kill storm on PostgreSQL: besides the API and the workers, the server crashes under load and
// recovers, with commits under way whose answers nobody gets. What was acknowledged must be there,
// as it was sent, and must have ended once. Looks at the database with psql and none of the
// project's code.

#include <doctest/doctest.h>

#include <cstddef>
#include <iostream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "tests/faults/order_clients.h"
#include "tests/faults/storm.h"
#include "tests/support/dose.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/postgres_server.h"
#include "tests/support/seed.h"
#include "tests/support/skipped.h"
#include "tests/support/store_audit.h"

namespace orders::test {
namespace {

constexpr char database[] = "orders";

// Steps outside the life cycle, kept in the transactions that take them: from Pending or in work
// (0) an order ends, and from Failed (3) or Cancelled (4) it may begin anew.
constexpr char record_wrong_steps[] =
    "CREATE TABLE wrong_steps (step text);"
    "CREATE FUNCTION record_wrong_step() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " INSERT INTO public.wrong_steps VALUES"
    "  (NEW.order_id || ': ' || OLD.status || ' to ' || NEW.status); RETURN NEW; END $$;"
    "CREATE TRIGGER wrong_step AFTER UPDATE ON orders.orders FOR EACH ROW"
    " WHEN (OLD.status <> NEW.status AND OLD.status <> 0"
    "  AND NOT (OLD.status IN (3, 4) AND NEW.status = 0))"
    " EXECUTE FUNCTION record_wrong_step()";

struct Stored {
    std::string status;
    std::string payload;
};

std::map<std::string, Stored> stored(const PostgresServer& server) {
    std::istringstream rows(
        server.run(database,
                   "SELECT order_id || ' ' || status || ' ' || coalesce(payload, '')"
                   " FROM orders.orders LEFT JOIN orders.order_inputs USING (seq)"));
    std::map<std::string, Stored> orders;
    for (std::string id; rows >> id;) {
        Stored& order = orders[id];
        rows >> order.status;
        rows.get();  // the blank
        std::getline(rows, order.payload);
    }
    return orders;
}

Findings broken_promises(const std::map<std::string, Stored>& orders, const ClientLog& clients) {
    std::set<std::string> missing, refused, strange, open, other_payload, not_cancelled;
    for (const std::string& id : clients.acknowledged) {
        if (!orders.contains(id)) missing.insert(id);
    }
    for (const auto& [id, order] : orders) {
        if (clients.refused.contains(id)) refused.insert(id);
        if (!clients.acknowledged.contains(id) && !clients.maybe.contains(id)) strange.insert(id);
        if (order.status == "0") open.insert(id);
        if (order.payload != payload_of(id)) other_payload.insert(id);
        if (clients.cancelled.contains(id) && order.status != "4") not_cancelled.insert(id);
    }
    Findings findings;
    add_finding(findings, "acknowledged, and missing", missing);
    add_finding(findings, "refused, and stored", refused);
    add_finding(findings, "stored, and not asked for", strange);
    add_finding(findings, "not ended", open);
    add_finding(findings, "with another payload than was sent", other_payload);
    add_finding(findings, "cancelled, and ended otherwise", not_cancelled);
    add_finding(findings, "surprising answers", clients.surprises);
    return findings;
}

// By the same token.
std::set<std::string> settled_again(const OrderProcesses& processes) {
    std::set<std::string> once;
    std::set<std::string> again;
    for (const std::string& line : processes.lines_with(" order settled ")) {
        const std::string claim = log_field(line, "order_id") + " " + log_field(line, "token");
        if (!once.insert(claim).second) again.insert(claim);
    }
    return again;
}

}  // namespace

TEST_CASE("postgres_killed: nothing is lost and nothing done twice, whoever is killed") {
    if (!PostgresServer::is_available()) {
        skipped("PostgreSQL is not installed");
        return;
    }
    std::mt19937 random = seeded_random();
    PostgresServer server(PostgresServer::Sync::on);
    Storm storm(random);
    storm.processes.set("DATABASE_URL", server.make_database(database));
    storm.start_first_api();
    (void)server.run(database, record_wrong_steps);
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
    eventually(
        time_to_finish, [&] { return storm.processes.counts(); },
        [](const nlohmann::json& counts) {
            return counts["Pending"] == 0 && counts["Processing"] == 0;
        });
    storm.processes.stop_all();

    const auto orders = stored(server);
    for (const std::string& finding : broken_promises(orders, log)) FAIL_CHECK(finding);
    CHECK(server.run(database, "SELECT step FROM wrong_steps").empty());
    CHECK(settled_again(storm.processes).empty());
    ChildProcess& verify = storm.processes.launch(api_program(), {"verify"});
    CHECK_MESSAGE(verify.wait_exit(patience) == exited(0), verify.output());
    std::cout << "kill storm on PostgreSQL: " << storm.kills << " kills, " << crashes
              << " crashes of the server, " << log.acknowledged.size() << " orders acknowledged, "
              << log.maybe.size() << " perhaps, " << log.refused.size() << " refused" << std::endl;
}

}  // namespace orders::test
