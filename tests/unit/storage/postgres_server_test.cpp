// What is PostgreSQL's alone, with a server: its clock, lost connections, and who may use a schema.

#include "tests/support/postgres_server.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "shared/domain/backoff.h"
#include "shared/storage/open_storage.h"
#include "shared/storage/postgres/connection.h"
#include "shared/storage/postgres/errors.h"
#include "shared/storage/postgres/server.h"
#include "shared/storage/postgres/transaction.h"
#include "shared/storage/store_error.h"
#include "tests/support/eventually.h"
#include "tests/support/order_builder.h"

namespace orders::test {
namespace {

using namespace std::chrono_literals;
using postgres::Connection;
using postgres::ServerUrl;

std::string database(const char* name) {
    return common_postgres_server().make_database(name);
}

// Ends all other connections to the database, as an administrator may.
void cut_others(const ServerUrl& url) {
    Connection(url).run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()");
}

}  // namespace

TEST_CASE("postgres_server: the wait of a retry is that of the backoff") {
    if (is_postgres_missing()) return;
    const std::string url = database("waits");
    (void)open_storage(url)->open_intake();
    Connection connection(ServerUrl::parse(url).value());
    for (const int base : {1, 10, 3'600}) {
        for (const int attempt : {1, 2, 3, 9, 50, 100}) {
            for (const char* const chance : {"0", "0.25", "0.999"}) {
                const auto waits = connection.query(
                    "SELECT orders.retry_wait($1::integer, $2::smallint, $3::float8)", base,
                    attempt, chance);
                CHECK(waits.get<std::int64_t>(0, 0) ==
                      backoff(attempt, std::chrono::seconds(base), std::stod(chance)).count());
            }
        }
    }
}

TEST_CASE("postgres_server: a connection that is cut between two uses is not noticed") {
    if (is_postgres_missing()) return;
    const std::string url = database("cut");
    const auto storage = open_storage(url);
    const auto intake = storage->open_intake();
    const auto reader = storage->open_reader();
    for (const char* const id : {"a", "b", "c"}) {
        const std::vector<NewOrder> orders{an_order(id)};
        const auto outcomes = intake->begin()->commit({.creates = {orders}});
        CHECK(std::holds_alternative<Created>(outcomes.created.at(0)));
        CHECK(reader->find(order_id(id)));
        cut_others(ServerUrl::parse(url).value());
    }
    CHECK(reader->report().total().pending == 3);
}

TEST_CASE("postgres_server: a watch whose connection is cut listens again, and hears") {
    if (is_postgres_missing()) return;
    const std::string url = database("deaf");
    const auto storage = open_storage(url);
    const auto intake = storage->open_intake();
    const auto watch = storage->open_watch();
    cut_others(ServerUrl::parse(url).value());
    // Whoever waits clears it when it wakes, and with each look.
    const auto is_deaf = [&] {
        watch->clear();
        return watch->fd() < 0;
    };
    eventually(patience, is_deaf);
    eventually(patience, [&] { return !is_deaf(); });
    const std::vector<NewOrder> orders{an_order("a")};
    (void)intake->begin()->commit({.creates = {orders}});
    pollfd bell{watch->fd(), POLLIN, 0};
    CHECK(::poll(&bell, 1, static_cast<int>(std::chrono::milliseconds(patience).count())) == 1);
}

TEST_CASE("postgres_server: changes are kept once all that began before them is over") {
    if (is_postgres_missing()) return;
    const std::string url = database("awaited");
    const auto storage = open_storage(url);
    const OrderAction keep_them = AwaitChanges{30s};
    (void)storage->open_intake()->begin()->commit({.actions = {&keep_them}});
    // It may have begun to write before it could see that changes are to be kept.
    Connection under_way(ServerUrl::parse(url).value());
    under_way.run("BEGIN");
    under_way.run("SELECT pg_current_xact_id()");
    const auto log = storage->open_change_log();
    CHECK_FALSE(log->read(0, 10).state.is_kept);
    under_way.run("COMMIT");
    CHECK(log->read(0, 10).state.is_kept);
    under_way.run("COMMIT");
}

TEST_CASE("postgres_server: a statement from before changes are kept is waited for") {
    if (is_postgres_missing()) return;
    const std::string url = database("awaited_by_statement");
    const auto storage = open_storage(url);
    const auto intake = storage->open_intake();
    Connection under_way(ServerUrl::parse(url).value());
    under_way.run("BEGIN ISOLATION LEVEL REPEATABLE READ");
    under_way.run("SELECT FROM orders.awaited_changes");
    const OrderAction keep_them = AwaitChanges{30s};
    (void)intake->begin()->commit({.actions = {&keep_them}});
    const auto log = storage->open_change_log();
    CHECK_FALSE(log->read(0, 10).state.is_kept);
    under_way.run("COMMIT");
    CHECK(log->read(0, 10).state.is_kept);
}

TEST_CASE("postgres_server: a transaction that was given up does nothing, however late it comes") {
    if (is_postgres_missing()) return;
    const std::string url = database("late");
    (void)open_storage(url)->open_intake();
    Connection connection(ServerUrl::parse(url).value());
    connection.run("INSERT INTO orders.group_marks (nonce, at) VALUES (7, 0)");
    connection.send("BEGIN");
    connection.send("SELECT orders.begin_group(7)");
    try {
        (void)connection.receive();
        FAIL("it began");
    } catch (const postgres::ServerError& error) {
        CHECK(error.sqlstate() == postgres::given_up);
    }
}

TEST_CASE("postgres_server: a schema that is newer, or another program's, is left alone") {
    if (is_postgres_missing()) return;
    const std::string url = database("newer");
    (void)open_storage(url)->open_intake();
    Connection connection(ServerUrl::parse(url).value());
    connection.run("INSERT INTO orders.schema_migrations (version, name) VALUES (99, 'later')");
    CHECK_THROWS_AS((void)open_storage(url)->open_worker(), StoreError);
    const std::string other = database("other");
    Connection(ServerUrl::parse(other).value())
        .run_script("CREATE SCHEMA orders; CREATE TABLE orders.mine (x integer)");
    CHECK_THROWS_AS((void)open_storage(other)->open_worker(), StoreError);
}

TEST_CASE("postgres_server: a store of an older schema is brought up to date, with its orders") {
    if (is_postgres_missing()) return;
    const std::string url = database("older");
    Connection connection(ServerUrl::parse(url).value());
    connection.run("CREATE SCHEMA orders");
    std::ifstream first(ORDERS_SOURCE_DIR "/migrations/postgres/0001_orders.sql");
    connection.run_script({std::istreambuf_iterator<char>(first), {}});
    connection.run_script(
        "CREATE TABLE orders.schema_migrations (version integer PRIMARY KEY, name text NOT NULL,"
        " applied_at timestamptz NOT NULL DEFAULT now());"
        "INSERT INTO orders.schema_migrations VALUES (1, '0001_orders');"
        "INSERT INTO orders.orders (order_id, priority, kind, processing_time, created_at,"
        " created_in) VALUES ('a', 0, 0, 1, 1, 0);"
        "INSERT INTO orders.queue SELECT 0, 0, 0, seq, seq FROM orders.orders;"
        "INSERT INTO orders.counts VALUES (0, 0, 0, 1)");
    const auto storage = open_storage(url);
    (void)storage->open_worker();
    const auto reader = storage->open_reader();
    CHECK(reader->find(OrderId::parse("a").value()).has_value());
    CHECK(reader->figures().report.total().pending == 1);
    CHECK(storage->verify().findings == 0);
}

TEST_CASE("postgres_server: a session goes on when the statements that it kept are lost") {
    if (is_postgres_missing()) return;
    const std::string url = database("pooled");
    (void)open_storage(url)->open_intake();
    postgres::Server server(ServerUrl::parse(url).value());
    RoleFigures figures;
    postgres::Writer writer(server, figures);
    const auto now = [&] {
        return writer.transact(
            "ask for the time",
            [](postgres::Transaction& transaction) {
                const auto rows = transaction.query("SELECT orders.now_ms()");
                (void)transaction.commit();
                return rows.get<std::int64_t>(0, 0);
            },
            [](postgres::Transaction&, std::int64_t) { return std::optional<std::int64_t>(); });
    };
    const auto kept = [&] {
        return writer.session()
            .connection()
            .query("SELECT count(*) FROM pg_prepared_statements")
            .get<std::int64_t>(0, 0);
    };
    CHECK(now() > 0);
    CHECK(kept() > 0);
    writer.session().connection().run("DEALLOCATE ALL");
    CHECK(now() > 0);
    CHECK(kept() == 0);
}

TEST_CASE("postgres_server: an order is seen that comes to a place which claims have passed") {
    if (is_postgres_missing()) return;
    const std::string url = database("places");
    const auto storage = open_storage(url);
    const auto intake = storage->open_intake();
    const auto worker = storage->open_worker();
    const auto reader = storage->open_reader();
    const WorkerId id = worker->enlist({.name = "w", .host = "here", .threads = 1}, 10s);
    const auto claim = [&] {
        std::vector<std::string> ids;
        const WorkerTurn turn{.worker = id, .lease_time = 10s, .claim = {.limit = 9}};
        for (const ClaimedOrder& order : worker->take_turn(turn).claimed) {
            ids.push_back(order.spec.order_id.text());
        }
        return ids;
    };
    Connection late(ServerUrl::parse(url).value());
    late.send("BEGIN");
    late.send("SELECT orders.begin_group(77)");
    late.send(
        "WITH n AS (INSERT INTO orders.orders (order_id, priority, kind, processing_time,"
        " created_at, created_in) VALUES ('late', 1, 0, 1, orders.now_ms(), 77) RETURNING seq)"
        " INSERT INTO orders.queue (kind, priority, line, position, seq)"
        " SELECT 0, 1, 0, seq, seq FROM n");
    (void)late.receive();
    const std::vector<NewOrder> orders{an_order("early")};
    (void)intake->begin()->commit({.creates = {orders}});
    CHECK(worker->has_claimable({ClaimShare{}}));
    CHECK(claim() == std::vector<std::string>{"early"});
    for (int look = 0; look < 5; ++look) {
        CHECK_FALSE(worker->has_claimable({ClaimShare{}}));
        CHECK(reader->claimable_kinds().empty());
        (void)claim();
    }
    late.run("COMMIT");
    CHECK(worker->has_claimable({ClaimShare{}}));
    CHECK(reader->claimable_kinds().size() == 1);
    eventually(patience, [&] { return claim() == std::vector<std::string>{"late"}; });
}

TEST_CASE("postgres_server: nothing is left in a session") {
    if (is_postgres_missing()) return;
    const std::string url = database("session");
    (void)open_storage(url)->open_intake();
    Connection connection(ServerUrl::parse(url).value());
    connection.send("BEGIN");
    connection.send("SELECT orders.begin_group(1)");
    connection.send("COMMIT");
    (void)connection.receive();
    const auto settings = connection.query(
        "SELECT current_setting('enable_seqscan'), current_setting('statement_timeout'),"
        " (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')");
    CHECK(settings.get<std::string>(0, 0) == "on");
    CHECK(settings.get<std::string>(0, 1) == "0");
    CHECK(settings.get<std::int64_t>(0, 2) == 0);
}

}  // namespace orders::test
