// The rows of workers that are gone: they go as well, as soon as nothing names them.

#include "shared/storage/sqlite/gone_workers.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "shared/storage/sqlite/sqlite_storage.h"
#include "tests/support/manual_clock.h"
#include "tests/support/order_builder.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/storage/database_under_test.h"

namespace orders::sqlite {
namespace {

using namespace std::chrono_literals;
using test::an_order;

constexpr std::chrono::milliseconds lease_time = 10s;

struct Workers {
    static WorkerId enlist(WorkerStore& store, const std::string& name) {
        return store.enlist({.name = name, .host = "h", .threads = 1}, lease_time);
    }
    void submit(const std::string& id) {
        const std::vector<NewOrder> orders{an_order(id)};
        (void)storage->open_intake()->begin()->commit({.creates = {orders}});
    }
    // A worker that is started, ends so many orders, claims so many more, and dies or retires.
    void run(const std::string& name, std::size_t ended, std::size_t held = 0,
             bool is_retiring = false) {
        const auto store = storage->open_worker();
        const WorkerId worker = enlist(*store, name);
        WorkerTurn turn{.worker = worker, .lease_time = lease_time, .claim = {.limit = ended}};
        WorkerTurn next{.worker = worker,
                        .lease_time = lease_time,
                        .claim = {.limit = held, .shares = {{.defaults = {.max_attempts = 1}}}}};
        for (const ClaimedOrder& order : store->take_turn(turn).claimed) {
            next.settlements.push_back({order.lease, Completed{}});
        }
        (void)store->take_turn(next);
        if (is_retiring) store->retire(worker, {});
    }
    // As the dispatcher's.
    void tidy_up() {
        (void)keeper->take_turn(
            {.worker = keepers_id, .lease_time = lease_time, .is_heartbeat = true});
        (void)housekeeping->take_turn({.take_back_limit = 10});
        tidy();
    }
    // One that has done nothing yet looks for workers at once.
    void tidy() {
        housekeeping = storage->open_housekeeping();
        housekeeping->tidy();
    }
    void sweep() {
        clock.advance(1h);
        while (housekeeping->sweep(OrderStatus::processed, 1s).has_more) {
        }
        while (housekeeping->sweep(OrderStatus::failed, 1s).has_more) {
        }
    }
    bool has_row(const std::string& name) {
        Statement find(connection, "SELECT count(*) FROM workers WHERE name = ?");
        Cursor rows = find.query(name);
        return rows.next() && rows.get<std::int64_t>(0) == 1;
    }
    std::int64_t rows() { return number(connection, "SELECT count(*) FROM workers"); }

    test::TempDir directory;
    std::string path = directory.file("orders.db");
    test::ManualClock clock;
    std::unique_ptr<Storage> storage = open_storage(path, clock);
    std::unique_ptr<WorkerStore> keeper = storage->open_worker();
    std::unique_ptr<HousekeepingStore> housekeeping = storage->open_housekeeping();
    WorkerId keepers_id = enlist(*keeper, "keeper");
    Connection connection{path, Connection::Access::read_write};
};

TEST_CASE("gone_workers: workers that die before they have ended anything leave no rows") {
    Workers workers;
    workers.submit("held");
    for (int i = 0; i < 60; ++i) workers.run("doomed-" + std::to_string(i), 0);
    workers.run("retiring", 0, 0, true);
    CHECK(workers.rows() == 62);
    workers.tidy_up();
    CHECK(workers.rows() == 2);  // the newest one stays, so that its id does not come back
    CHECK(workers.has_row("keeper"));
    CHECK(workers.has_row("retiring"));
    const WorkerId next = Workers::enlist(*workers.storage->open_worker(), "next");
    CHECK(next.value == 63);
    workers.tidy_up();
    CHECK_FALSE(workers.has_row("retiring"));
}

TEST_CASE("gone_workers: a worker's row stays for as long as an order may name it") {
    Workers workers;
    for (const char* id : {"a", "b", "c"}) workers.submit(id);
    SUBCASE("one that has died") {
        workers.run("gone", 2);
    }
    SUBCASE("one that has retired") {
        workers.run("gone", 2, 0, true);
    }
    workers.run("other", 0);
    workers.tidy_up();
    CHECK(workers.has_row("gone"));
    CHECK(workers.storage->open_reader()->find(test::order_id("a")).value().worker == "gone");
    workers.sweep();
    workers.tidy_up();
    CHECK(workers.has_row("gone"));  // "c" was there when it went: it is not known who ended that
    workers.run("heir", 1);
    workers.submit("last");
    workers.sweep();
    workers.tidy_up();
    CHECK_FALSE(workers.has_row("gone"));
    CHECK(workers.storage->verify().findings == 0);
}

TEST_CASE("gone_workers: a worker that orders were in work with, or Failed with, keeps its row") {
    Workers workers;
    for (const char* id : {"a", "b", "last"}) workers.submit(id);
    workers.run("held-one", 0, 1);
    workers.run("held-another", 0, 1);
    workers.run("other", 0);
    workers.tidy();
    CHECK(workers.has_row("held-one"));
    workers.tidy_up();  // both have died with their last attempt
    CHECK(workers.has_row("held-one"));
    CHECK(workers.has_row("held-another"));
    const auto reader = workers.storage->open_reader();
    CHECK(reader->find(test::order_id("a")).value().worker == "held-one");
    CHECK(reader->find(test::order_id("b")).value().worker == "held-another");
    CHECK(workers.storage->verify().findings == 0);
}

TEST_CASE("gone_workers: a turn that fails has not named its worker") {
    Workers workers;
    for (const char* id : {"a", "b"}) workers.submit(id);
    const auto store = workers.storage->open_worker();
    const WorkerId worker = Workers::enlist(*store, "w");
    const auto claimed =
        store->take_turn({.worker = worker, .lease_time = lease_time, .claim = {.limit = 1}})
            .claimed;
    const WorkerTurn turn{.worker = worker,
                          .lease_time = lease_time,
                          .settlements = {{claimed.at(0).lease, Completed{}}},
                          .claim = {.limit = 1}};
    workers.connection.execute(
        "CREATE TRIGGER t BEFORE INSERT ON leases BEGIN SELECT RAISE(ABORT, 'not now'); END");
    CHECK_THROWS((void)store->take_turn(turn));
    const auto named_up_to = [&] {
        return number(workers.connection, "SELECT named_up_to FROM workers WHERE name = 'w'");
    };
    CHECK(named_up_to() == 0);
    workers.connection.execute("DROP TRIGGER t");
    (void)store->take_turn(turn);
    CHECK(named_up_to() > 0);
}

TEST_CASE("gone_workers: they go a bounded number at a time, and foreign keys hold afterwards") {
    const test::TempDir directory;
    const test::ManualClock clock;
    WriteAccess access(directory.file("orders.db"), clock);
    Connection& connection = access.connection();
    connection.execute(
        "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 1201)"
        " INSERT INTO workers (name, host, threads, started_at, boot_id, named_up_to)"
        " SELECT 'w' || i, 'h', 1, 0, 'b', 0 FROM n");
    GoneWorkers gone(access);
    CHECK(gone.delete_some() == GoneWorkers::deleted_per_step);
    CHECK(gone.delete_some() == GoneWorkers::deleted_per_step);
    CHECK(gone.delete_some() == 200);
    CHECK(gone.delete_some() == 0);
    CHECK(number(connection, "SELECT max(id) FROM workers") == 1201);
    CHECK(number(connection, "PRAGMA foreign_keys") == 1);
}

TEST_CASE("gone_workers: rows that 0.1.0 has left are signed off at once, and kept") {
    Workers workers;
    workers.connection.execute(
        "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
        " INSERT INTO workers (name, host, threads, started_at, boot_id, heartbeat_until)"
        " SELECT 'w' || i, 'h', 1, 0, (SELECT boot_id FROM workers WHERE name = 'keeper'), 1"
        " FROM n");
    workers.tidy_up();
    CHECK(number(workers.connection, "SELECT count(heartbeat_until) FROM workers") == 1);
    CHECK(workers.rows() == 2001);
}

}  // namespace
}  // namespace orders::sqlite
