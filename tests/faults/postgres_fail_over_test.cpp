// Two PostgreSQL servers, of which one is the other's standby: the primary is killed under load,
// the standby takes over, and the killed one comes back as its standby. The programs know both, and
// find the one that takes writes. With synchronous replication nothing that was acknowledged is
// lost; without, it may be.

#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <iostream>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "tests/faults/order_clients.h"
#include "tests/faults/postgres_audit.h"
#include "tests/faults/storm.h"
#include "tests/support/dose.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/postgres_server.h"
#include "tests/support/seed.h"

namespace orders::test {
namespace {

using namespace std::chrono_literals;

constexpr char database[] = "orders";

class Pair {
   public:
    Pair() {
        (void)primary->make_database(database);
        standby->follow(*primary);
    }

    // A URL that names both.
    [[nodiscard]] std::string url() const {
        const std::string begin = "postgresql://orders@";
        const auto host = [&](const PostgresServer& server) {
            const std::string one = server.url_of("");
            return one.substr(begin.size(), one.size() - begin.size() - 1);
        };
        return begin + host(servers_.first) + "," + host(servers_.second) + "/" + database;
    }

    // From now on each commit waits for the standby, whichever of them that is.
    void make_synchronous() {
        for (const PostgresServer* server : {standby, primary}) {
            set(*server, "synchronous_standby_names", "*");
        }
        await_standby();
    }
    void fail_over() {
        primary->kill();
        standby->promote();
        std::swap(primary, standby);
    }
    void await_standby() {
        eventually(patience, [&] {
            return primary->run(database,
                                "SELECT count(*) FROM pg_stat_replication WHERE sync_state ="
                                " 'sync'") == "1\n";
        });
    }
    static void set(const PostgresServer& server, const std::string& setting,
                    const std::string& value) {
        (void)server.run(database, "ALTER SYSTEM SET " + setting + " = '" + value + "'");
        (void)server.run(database, "SELECT pg_reload_conf()");
    }

   private:
    std::pair<PostgresServer, PostgresServer> servers_{PostgresServer::Sync::on,
                                                       PostgresServer::Sync::on};

   public:
    PostgresServer* primary = &servers_.first;
    PostgresServer* standby = &servers_.second;
};

}  // namespace

TEST_CASE("postgres_fail_over: nothing is lost and nothing done twice") {
    if (is_postgres_missing()) return;
    std::mt19937 random = seeded_random();
    Pair pair;
    Storm storm(random);
    storm.processes.set("DATABASE_URL", pair.url());
    storm.start_first_api();
    record_wrong_steps(*pair.primary, database);
    pair.make_synchronous();
    storm.start_workers();
    OrderClients clients(4, "client", random, [&] { return storm.processes.port(); });
    const auto await_work = [&] {
        const std::size_t before = clients.log().acknowledged.size();
        eventually(2 * patience, [&] { return clients.log().acknowledged.size() > before + 20; });
    };
    const int fail_overs = dose(2, 20);
    for (int number = 0; number < fail_overs; ++number) {
        await_work();
        sleep_up_to(random, 100ms);
        pair.fail_over();
        pair.standby->follow(*pair.primary);
        pair.await_standby();
    }
    await_work();
    const ClientLog log = clients.stop();
    check_after_storm(*pair.primary, database, storm, log);
    std::cout << "fail-overs to a synchronous standby: " << fail_overs << ", "
              << log.acknowledged.size() << " orders acknowledged, " << log.maybe.size()
              << " perhaps, " << log.refused.size() << " refused; the longest answer took "
              << log.longest.count() << " ms" << std::endl;
}

TEST_CASE("postgres_fail_over: a standby that is not waited for loses what was acknowledged") {
    if (is_postgres_missing()) return;
    Pair pair;
    OrderProcesses processes;
    processes.set("DATABASE_URL", pair.url());
    processes.start_api();
    processes.submit(order_json("before"));
    const auto position = [](const PostgresServer& server, const std::string& of) {
        return server.run(database, "SELECT " + of);
    };
    const std::string sent = position(*pair.primary, "pg_current_wal_insert_lsn()");
    eventually(patience, [&] {
        return position(*pair.standby, "pg_last_wal_replay_lsn() >= '" +
                                           sent.substr(0, sent.size() - 1) + "'") == "t\n";
    });
    Pair::set(*pair.standby, "primary_conninfo", "");
    eventually(patience, [&] {
        return position(*pair.primary, "count(*) FROM pg_stat_replication") == "0\n";
    });
    ClientLog log;
    for (int order = 1; order <= 20; ++order) {
        const std::string id = "after-" + std::to_string(order);
        processes.submit(order_json(id));
        log.acknowledge({id});
    }
    pair.fail_over();
    HttpClient http = processes.client();
    eventually(patience, [&] { return status_of(http.attempt({"GET", "/readyz"})) == 200; });
    (void)processes.order("before");
    const Findings findings = broken_promises(*pair.primary, database, log);
    REQUIRE_FALSE(findings.empty());
    CHECK(findings.front().starts_with("acknowledged, and missing: 20: "));
}

// The long form goes on until clients have been told that nobody knows.
TEST_CASE("postgres_fail_over: while the standby is away, a commit waits for it") {
    if (is_postgres_missing()) return;
    Pair pair;
    OrderProcesses processes;
    processes.set("DATABASE_URL", pair.url());
    processes.start_api();
    pair.make_synchronous();
    processes.submit(order_json("before"));
    pair.standby->kill();
    const auto create = [&](const std::string& id) {
        return processes.client().post("/api/v1/orders", order_json(id));
    };
    auto waiting = std::async(std::launch::async, create, "waiting");
    const auto waiters = [&] {
        return std::stoi(pair.primary->run(
            database, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"));
    };
    eventually(patience, [&] { return waiters() > 0; });
    if (is_long_form()) {
        const HttpAnswer answer = waiting.get();
        CHECK_EQ(answer.status, 503);
        CHECK(answer.body.find("outcome-unknown") != std::string::npos);
        const int still_waiting = waiters();
        for (int next = 1; next <= 20; ++next) {  // none of them waits with it
            const HttpAnswer refused = create("next-" + std::to_string(next));
            CHECK_EQ(refused.status, 503);
            CHECK(refused.body.find("outcome-unknown") == std::string::npos);
        }
        CHECK_LE(waiters(), still_waiting);
    }
    pair.standby->start();
    if (!is_long_form()) CHECK_EQ(waiting.get().status, 200);
    HttpClient http = processes.client();
    eventually(patience, [&] { return status_of(http.attempt({"GET", "/readyz"})) == 200; });
    CHECK_EQ(processes.order("waiting").at("status"), "Pending");
    CHECK_EQ(create("next-1").status, 200);
}

}  // namespace orders::test
