// A storm on the link between the programs and their PostgreSQL server: connections are cut in the
// middle of a request, answers are lost from any byte on, what was sent arrives when its sender has
// given up, and now and then all of it takes 50 ms. Nobody is killed: what a client is told must be
// so.

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "tests/faults/faulty_link.h"
#include "tests/faults/order_clients.h"
#include "tests/faults/postgres_audit.h"
#include "tests/faults/storm.h"
#include "tests/support/dose.h"
#include "tests/support/eventually.h"
#include "tests/support/postgres_server.h"
#include "tests/support/seed.h"

namespace orders::test {
namespace {

using namespace std::chrono_literals;

constexpr char database[] = "orders";

// Requests and answers mostly have some hundred bytes; a connection begins with fewer.
LinkFault any_fault(std::mt19937& random) {
    const auto after = static_cast<std::size_t>(any_of(random, 0, 1'500));
    switch (any_of(random, 1, 4)) {
        case 1:
            return {.kind = LinkFault::Kind::cut, .after = after};
        case 2:
            return {.kind = LinkFault::Kind::swallow,
                    .after = any_of(random, 0, 1) == 0 ? 0 : after};
        case 3:
            return {.kind = LinkFault::Kind::hold,
                    .after = LinkFault::last_statement,
                    .held = std::chrono::milliseconds(any_of(random, 1, 1'000))};
        default:
            return {.kind = LinkFault::Kind::hold,
                    .after = after,
                    .held = std::chrono::milliseconds(any_of(random, 1, 1'000))};
    }
}

// One after the other, each while there is work.
void attack(FaultyLink& link, const OrderClients& clients, std::mt19937& random, int faults) {
    for (int fault = 1; fault <= faults; ++fault) {
        link.set_delay(fault % 20 < 5 ? 50ms : 0ms);
        if (fault % 25 == 0) link.cut_all();
        link.arm(any_fault(random));
        eventually(patience,
                   [&, before = clients.answers()] { return clients.answers() > before + 3; });
        sleep_up_to(random, 20ms);
    }
    link.set_delay(0ms);
}

}  // namespace

TEST_CASE("postgres_link: nothing is lost and nothing done twice, whatever becomes of the bytes") {
    if (is_postgres_missing()) return;
    std::mt19937 random = seeded_random();
    PostgresServer server(PostgresServer::Sync::on);
    (void)server.make_database(database);
    FaultyLink link(server.socket());
    Storm storm(random);
    storm.processes.set("DATABASE_URL", link.url_of(database));
    storm.start_first_api();
    record_wrong_steps(server, database);
    storm.start_workers();
    OrderClients clients(4, "client", random, [&] { return storm.processes.port(); });
    attack(link, clients, random, dose(30, 1'000));
    const ClientLog log = clients.stop();
    check_after_storm(server, database, storm, log);
    std::cout << "storm on the link to PostgreSQL: " << link.happened(LinkFault::Kind::cut)
              << " cuts, " << link.happened(LinkFault::Kind::swallow) << " answers lost, "
              << link.happened(LinkFault::Kind::hold) << " requests late, "
              << log.acknowledged.size() << " orders acknowledged, " << log.maybe.size()
              << " perhaps, " << log.refused.size() << " refused; the longest answer took "
              << log.longest.count() << " ms" << std::endl;
}

// So many at a time that it settles them beside its next claim.
TEST_CASE("postgres_link: a worker that ends many orders at a time ends each of them once") {
    if (is_postgres_missing()) return;
    std::mt19937 random = seeded_random();
    PostgresServer server(PostgresServer::Sync::on);
    const std::string url = server.make_database(database);
    FaultyLink link(server.socket());
    OrderProcesses processes;
    processes.set("DATABASE_URL", url);
    processes.start_api();
    record_wrong_steps(server, database);
    const int total = dose(5'000, 200'000);
    for (int made = 0; made < total;) {
        std::vector<nlohmann::json> batch;
        for (int order = 0; order < 1'000; ++order) {
            batch.push_back(order_json("many-" + std::to_string(++made)));
        }
        processes.submit_all(batch);
    }
    processes.start_worker({"--worker-count", "64", "--time-unit-ms", "0", "--lease-seconds", "1"},
                           {{"DATABASE_URL", link.url_of(database)}});
    const auto unfinished = [&] {
        return std::stoi(
            server.run(database, "SELECT count(*) FROM orders.orders WHERE status = 0"));
    };
    for (int left = unfinished(); left > 0; left = unfinished()) {
        link.arm(any_fault(random));
        eventually(patience, [&] { return unfinished() < left; });
    }
    processes.stop_all();
    CHECK_EQ(server.run(database, "SELECT count(*) FROM orders.orders WHERE status <> 2"), "0\n");
    CHECK(server.run(database, "SELECT step FROM wrong_steps").empty());
    ChildProcess& verify = processes.launch(api_program(), {"verify"});
    CHECK_MESSAGE(verify.wait_exit(patience) == exited(0), verify.output());
    std::cout << "a worker behind the link ended " << total << " orders through "
              << link.happened(LinkFault::Kind::cut) << " cuts, "
              << link.happened(LinkFault::Kind::swallow) << " answers lost and "
              << link.happened(LinkFault::Kind::hold) << " requests late" << std::endl;
}

}  // namespace orders::test
