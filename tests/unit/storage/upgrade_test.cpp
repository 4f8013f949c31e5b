// Older stores are brought up to date: whole or not at all, with all orders as they were.

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "shared/storage/sqlite/migrations.h"
#include "shared/storage/sqlite/sqlite_storage.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/manual_clock.h"
#include "tests/support/order_builder.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/storage/database_under_test.h"
#include "tests/unit/storage/older_store.h"

namespace orders::sqlite {
namespace {

using namespace std::chrono_literals;
using test::an_order;
using test::order_id;
using test::TempDir;
using Access = Connection::Access;

const auto newest_version = static_cast<std::int64_t>(embedded_migrations().size());

// All that SQLite keeps of the schema, in the order of names.
std::vector<std::string> schema_of(Connection& connection) {
    Statement definitions(
        connection,
        "SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '')"
        " FROM sqlite_schema ORDER BY 1");
    std::vector<std::string> schema;
    for (Cursor rows = definitions.query(); rows.next();) {
        schema.push_back(rows.get<std::string>(0));
    }
    return schema;
}

std::vector<std::string> schema_of_version(std::size_t version) {
    Connection connection(":memory:", Access::read_write);
    for (std::size_t next = 0; next < version; ++next) {
        connection.execute_script(embedded_migrations()[next].sql);
    }
    return schema_of(connection);
}

std::vector<std::string> ids_of(const std::vector<ClaimedOrder>& claimed) {
    std::vector<std::string> ids;
    for (const ClaimedOrder& order : claimed) ids.push_back(order.spec.order_id.text());
    return ids;
}

[[noreturn]] void migrate_and_exit(const std::string& path) {
    int status = 1;
    try {
        Connection connection(path, Access::read_write);
        migrate(connection, embedded_migrations());
        status = 0;
    } catch (...) {
    }
    ::_exit(status);
}

// A store that 0.1.0 has made, a minute after it was used last.
struct UpgradedStore {
    UpgradedStore() { copy_store_of_0_1_0(path); }

    Order find(const std::string& id) { return reader()->find(order_id(id)).value(); }
    std::unique_ptr<OrderReader> reader() { return storage->open_reader(); }
    std::vector<ClaimedOrder> claim_all() {
        const WorkerId id = worker->enlist({.name = "new", .host = "h", .threads = 1}, 10s);
        return worker->take_turn({.worker = id, .lease_time = 10s, .claim = {.limit = 100}})
            .claimed;
    }

    TempDir directory;
    std::string path = directory.file("orders.db");
    test::ManualClock clock{
        {UtcTime{1'795'742'205'000ms}, 8'639'000ms, "11111111-2222-3333-4444-555555555555"}};
    std::unique_ptr<Storage> storage = open_storage(path, clock);
    std::unique_ptr<WorkerStore> worker;
};

}  // namespace

TEST_CASE("upgrade: the orders of 0.1.0 are there as they were") {
    UpgradedStore store;
    store.worker = store.storage->open_worker();
    CHECK(store.storage->verify().examples == std::vector<std::string>{});

    const Order processed = store.find("processed-high");
    CHECK(processed.status == OrderStatus::processed);
    CHECK(processed.spec.priority == Priority::high);
    CHECK(processed.spec.processing_time.units() == 2);
    CHECK(processed.spec.kind.is_default());
    CHECK(processed.attempts == 1);
    CHECK(processed.created_at == UtcTime{1'795'742'137'948ms});
    CHECK(processed.started_at == UtcTime{1'795'742'137'970ms});
    CHECK(processed.finished_at == UtcTime{1'795'742'137'971ms});
    CHECK(processed.worker == "worker-1");
    CHECK_FALSE(processed.due_at);
    CHECK_FALSE(processed.spec.payload);
    CHECK_FALSE(processed.result);
    CHECK(processed.history.empty());
    CHECK(store.find("failed").failure == "timeout");
    CHECK(store.find("failed").worker == "worker-2");
    CHECK(store.find("processing-normal").worker == "worker-3");
    CHECK(store.find("pending-high").spec.processing_time.units() == 86'400);

    const OrderReport report = store.reader()->report();
    CHECK(report.high == StatusCounts{.pending = 1, .processing = 1, .processed = 1});
    CHECK(report.normal ==
          StatusCounts{.pending = 2, .processing = 1, .processed = 1, .failed = 1});
    CHECK(report.waiting_for_time == 0);
    REQUIRE(report.kinds.size() == 1);
    CHECK(report.kinds[0].counts == report.total());
    CHECK(report.oldest_normal == UtcTime{1'795'742'144'803ms});
}

TEST_CASE(
    "upgrade: the work of 0.1.0 goes on in its order, and what its dead worker held comes back") {
    UpgradedStore store;
    store.worker = store.storage->open_worker();
    const std::vector<NewOrder> orders{an_order("new"), an_order("new-high").high()};
    (void)store.storage->open_intake()->begin()->commit({.creates = {orders}});
    const auto housekeeping = store.storage->open_housekeeping();
    CHECK(housekeeping->look().has_expired_leases);  // an hour of the boot clock has passed
    const auto taken_back = housekeeping->take_turn({.take_back_limit = 10}).taken_back;
    REQUIRE(taken_back.size() == 2);
    CHECK(taken_back[0].worker == "worker-3");
    CHECK(taken_back[0].attempts == 1);
    CHECK_FALSE(taken_back[0].failure);
    CHECK(ids_of(store.claim_all()) ==
          std::vector<std::string>{"processing-high", "pending-high", "new-high",
                                   "processing-normal", "pending-normal", "pending-last", "new"});
    CHECK(store.find("processing-high").history.at(0).worker == "worker-3");
    CHECK(store.storage->verify().findings == 0);
}

TEST_CASE("upgrade: an order that Failed under 0.1.0 may be tried again") {
    UpgradedStore store;
    const auto intake = store.storage->open_intake();
    const OrderAction retry = RetryOrder{order_id("failed")};
    (void)intake->begin()->commit({.actions = {&retry}});
    store.worker = store.storage->open_worker();
    CHECK(ids_of(store.claim_all()) ==
          std::vector<std::string>{"pending-high", "pending-normal", "pending-last", "failed"});
    const auto history = store.find("failed").history;
    REQUIRE(history.size() == 1);
    CHECK(history[0].outcome == PastAttempt::Outcome::failed);
    CHECK(history[0].reason == "timeout");
    CHECK(history[0].worker == "worker-2");
    CHECK(store.storage->verify().findings == 0);
}

TEST_CASE("upgrade: a backup of 0.1.0 is restored, and brought up to date when a program starts") {
    UpgradedStore store;
    const std::string restored = store.directory.file("restored.db");
    const auto storage = open_storage(restored, store.clock);
    CHECK(storage->restore(store.path).orders == 8);
    CHECK_THROWS_AS((void)storage->open_reader(), StoreError);  // it is as old as it was
    const auto intake = storage->open_intake();
    CHECK(storage->verify().findings == 0);
    CHECK(storage->open_reader()->report().total().pending == 3);
}

TEST_CASE("upgrade: an older store gets the schema that a new one has, to the letter") {
    const auto newest = schema_of_version(embedded_migrations().size());
    const auto check_upgraded = [&](const std::string& path) {
        Connection connection(path, Access::read_write);
        migrate(connection, embedded_migrations());
        CHECK(schema_of(connection) == newest);
        CHECK(text(connection, "PRAGMA integrity_check") == "ok");
    };
    const TempDir directory;
    copy_store_of_0_1_0(directory.file("kept.db"));
    check_upgraded(directory.file("kept.db"));
    for (std::size_t version = 1; version < embedded_migrations().size(); ++version) {
        const std::string path = directory.file(std::to_string(version) + ".db");
        const OlderStore older(path, version);
        check_upgraded(path);
        const Verification found = open_storage(path)->verify();
        CHECK(found.examples == std::vector<std::string>{});
        CHECK(found.orders == StatusCounts{.pending = OlderStore::orders / 4,
                                           .processing = OlderStore::orders / 4,
                                           .processed = OlderStore::orders / 4,
                                           .failed = OlderStore::orders / 4});
    }
}

TEST_CASE("upgrade: killed at any moment, each migration is done or not begun") {
    const TempDir directory;
    const std::string older = directory.file("older.db");
    constexpr std::int64_t old_version = 1;
    const OlderStore original(older, old_version);
    std::chrono::steady_clock::duration whole{};
    bool was_cut_off = false;
    constexpr int moments = 20;
    for (int moment = moments; moment >= 0; --moment) {
        CAPTURE(moment);
        const TempDir home;
        const std::string path = home.file("orders.db");
        std::filesystem::copy_file(older, path);
        const auto begin = std::chrono::steady_clock::now();
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) migrate_and_exit(path);
        if (moment < moments) {
            std::this_thread::sleep_until(begin + whole * moment / moments);
            ::kill(child, SIGKILL);
        }
        ::waitpid(child, nullptr, 0);
        // The first one is left alone, and tells how long it takes.
        if (moment == moments) whole = std::chrono::steady_clock::now() - begin;
        {
            Connection connection(path, Access::read_write);
            const auto version = number(connection, "PRAGMA user_version");
            REQUIRE(version >= old_version);
            CHECK((moment < moments || version == newest_version));
            was_cut_off |= version < newest_version;
            CHECK(schema_of(connection) == schema_of_version(static_cast<std::size_t>(version)));
            CHECK(number(connection, "SELECT count(*) FROM orders") == OlderStore::orders);
            migrate(connection, embedded_migrations());
        }
        CHECK(open_storage(path)->verify().examples == std::vector<std::string>{});
    }
    CHECK(was_cut_off);
}

TEST_CASE("upgrade: a migration that fails, or runs out of room, leaves the older schema whole") {
    const TempDir directory;
    const std::string path = directory.file("orders.db");
    const OlderStore older(path, 3);
    Connection connection(path, Access::read_write);
    SUBCASE("it fails at its last table") {
        connection.execute("CREATE TABLE bookkeeping (a INTEGER) STRICT");
        CHECK_THROWS_AS(migrate(connection, embedded_migrations()), std::logic_error);
        connection.execute("DROP TABLE bookkeeping");
    }
    SUBCASE("there is no room for it") {
        const test::FileSizeLimit limit(50'000, test::FileSizeLimit::Signal::is_ignored);
        CHECK(kind_of_error([&] { migrate(connection, embedded_migrations()); }) ==
              StoreError::Kind::full);
    }
    CHECK(schema_of(connection) == schema_of_version(3));
    CHECK(number(connection, "SELECT sum(orders) FROM order_counts") == OlderStore::orders);
    migrate(connection, embedded_migrations());
    CHECK(schema_of(connection) == schema_of_version(embedded_migrations().size()));
}

}  // namespace orders::sqlite
