#include "shared/storage/sqlite/migrations.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "shared/storage/sqlite/sqlite_storage.h"
#include "tests/support/order_builder.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/storage/database_under_test.h"
#include "tests/unit/storage/populated_database.h"

namespace orders::sqlite {
namespace {

using test::TempDir;
using Access = Connection::Access;

std::int64_t version(Connection& connection) {
    return number(connection, "PRAGMA user_version");
}

std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Migration> embedded_and(const Migration& further) {
    auto migrations = embedded_migrations();
    migrations.push_back(further);
    return migrations;
}

// Checks that migrate() and opening a store refuse the database, say why, and leave its files as
// they are.
void check_is_refused(const std::string& path, const std::string& reason) {
    const std::string database = bytes_of(path);
    const std::string log = bytes_of(path + "-wal");
    try {
        (void)open_storage(path)->open_intake();
        FAIL("it was opened");
    } catch (const StoreError& error) {
        CHECK(error.kind() == StoreError::Kind::unusable);
        const std::string what = error.what();
        CHECK_MESSAGE(what.find(reason) != std::string::npos, what);
    }
    CHECK((bytes_of(path) == database));
    CHECK((bytes_of(path + "-wal") == log));
}

TEST_CASE("migrations: a new file gets the whole schema, in write-ahead mode") {
    const TempDir directory;
    Connection connection(directory.file("orders.db"), Access::read_write);
    migrate(connection, embedded_migrations());
    CHECK(version(connection) == static_cast<std::int64_t>(embedded_migrations().size()));
    CHECK(text(connection, "PRAGMA journal_mode") == "wal");
    CHECK(number(connection, "SELECT count(*) FROM orders") == 0);
    CHECK(number(connection, "SELECT sum(orders) FROM order_counts") == 0);
    CHECK(number(connection, "SELECT count(*) FROM order_counts") == 8);
    CHECK(text(connection, "PRAGMA integrity_check") == "ok");
}

TEST_CASE("migrations: they are numbered without a gap, and named as their files are") {
    const auto& migrations = embedded_migrations();
    REQUIRE_FALSE(migrations.empty());
    CHECK(migrations.front().name == "0001_orders");
    for (std::size_t index = 0; index < migrations.size(); ++index) {
        CHECK(std::stoul(migrations[index].name.substr(0, 4)) == index + 1);
    }
}

TEST_CASE("migrations: every table is strict") {
    Populated database;
    CHECK(number(database.connection,
                 "SELECT count(*) FROM pragma_table_list"
                 " WHERE schema = 'main' AND type = 'table' AND strict = 0"
                 " AND name NOT LIKE 'sqlite%'") == 0);
}

TEST_CASE("migrations: what was applied is not applied again") {
    Populated database;
    const auto changes = number(database.connection, "SELECT total_changes()");
    const auto schema_changes = number(database.connection, "PRAGMA schema_version");
    migrate(database.connection, embedded_migrations());
    CHECK(number(database.connection, "SELECT total_changes()") == changes);
    CHECK(number(database.connection, "PRAGMA schema_version") == schema_changes);
    CHECK(number(database.connection, "SELECT count(*) FROM orders") == 6);
}

TEST_CASE("migrations: of eight threads that open a new store at once, one makes it") {
    for (int round = 0; round < 5; ++round) {
        const TempDir directory;
        const std::string path = directory.file("orders.db");
        constexpr int openers = 8;
        std::barrier start(openers);
        std::atomic<int> opened = 0;
        {
            std::vector<std::jthread> threads;
            for (int number = 0; number < openers; ++number) {
                threads.emplace_back([&] {
                    start.arrive_and_wait();
                    try {
                        const auto intake = open_storage(path)->open_intake();
                        (void)intake->begin()->commit({.is_probe = true});
                        ++opened;
                    } catch (const std::exception&) {  // `opened` tells
                    }
                });
            }
        }
        CHECK(opened == openers);
        Connection connection(path, Access::read_only);
        CHECK(version(connection) == static_cast<std::int64_t>(embedded_migrations().size()));
        CHECK(number(connection, "SELECT count(*) FROM order_counts") == 8);
        CHECK(text(connection, "PRAGMA integrity_check") == "ok");
    }
}

TEST_CASE("migrations: of four processes that open a new store at once, one makes it") {
    const TempDir directory;
    const std::string path = directory.file("orders.db");
    std::vector<pid_t> children;
    for (int number = 0; number < 4; ++number) {
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            int status = 1;
            try {
                const auto intake = open_storage(path)->open_intake();
                (void)intake->begin()->commit({.is_probe = true});
                status = 0;
            } catch (...) {
            }
            ::_exit(status);
        }
        children.push_back(child);
    }
    for (const pid_t child : children) {
        int status = -1;
        ::waitpid(child, &status, 0);
        CHECK(status == 0);
    }
    Connection connection(path, Access::read_only);
    CHECK(number(connection, "SELECT count(*) FROM order_counts") == 8);
    CHECK(text(connection, "PRAGMA integrity_check") == "ok");
}

TEST_CASE("migrations: a store from a newer program is refused and left as it is") {
    const TempDir directory;
    const std::string path = directory.file("orders.db");
    SUBCASE("with its schema in the log") {
        Connection connection(path, Access::read_write);
        migrate(connection,
                embedded_and({"0002_future", "CREATE TABLE future (a INTEGER) STRICT"}));
    }
    SUBCASE("with its schema in the file") {
        Connection connection(path, Access::read_write);
        migrate(connection,
                embedded_and({"0002_future", "CREATE TABLE future (a INTEGER) STRICT"}));
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    check_is_refused(path, "newer program");
}

TEST_CASE("migrations: another program's database is refused and left as it is") {
    const TempDir directory;
    const std::string path = directory.file("other.db");
    SUBCASE("that says whose it is") {
        Connection(path, Access::read_write)
            .execute("PRAGMA application_id = 1234; CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    }
    SUBCASE("that does not say whose it is") {
        Connection(path, Access::read_write).execute("CREATE TABLE t (a)");
    }
    SUBCASE("in write-ahead mode, and with a version of its own") {
        Connection(path, Access::read_write)
            .execute("PRAGMA journal_mode = WAL; CREATE TABLE t (a); PRAGMA user_version = 1");
    }
    check_is_refused(path, "another program");
}

TEST_CASE("migrations: a version that no migration ever had is refused") {
    const TempDir directory;
    const std::string path = directory.file("orders.db");
    Connection(path, Access::read_write).execute("PRAGMA user_version = -1");
    check_is_refused(path, "version");
}

TEST_CASE("migrations: an empty file becomes a store") {
    const TempDir directory;
    const std::string path = directory.file("orders.db");
    std::ofstream(path).close();
    const auto storage = open_storage(path);
    (void)storage->open_intake();
    CHECK(storage->open_reader()->report().total() == StatusCounts{});
}

TEST_CASE("migrations: one that fails leaves the version before it, whole") {
    Populated database;
    Connection& connection = database.connection;
    const auto before = version(connection);
    auto migrations = embedded_and({"0002_good", "CREATE TABLE good (a INTEGER) STRICT"});
    migrations.push_back({"0003_bad",
                          "CREATE TABLE half (a INTEGER) STRICT; DELETE FROM leases;"
                          "INSERT INTO missing VALUES (1)"});
    CHECK_THROWS_AS(migrate(connection, migrations), std::logic_error);
    CHECK(version(connection) == before + 1);
    CHECK(number(connection, "SELECT count(*) FROM sqlite_schema WHERE name = 'good'") == 1);
    CHECK(number(connection, "SELECT count(*) FROM sqlite_schema WHERE name = 'half'") == 0);
    CHECK(number(connection, "SELECT count(*) FROM leases") == 1);

    // Once it is mended, it goes on from there.
    migrations.back().sql = "CREATE TABLE whole (a INTEGER) STRICT";
    migrate(connection, migrations);
    CHECK(version(connection) == before + 2);
}

TEST_CASE("migrations: the next one keeps the orders that are there") {
    const TempDir directory;
    const std::string path = directory.file("orders.db");
    {
        const std::vector<NewOrder> orders{test::an_order("a").high(), test::an_order("b")};
        const auto intake = open_storage(path)->open_intake();
        (void)intake->begin()->commit({.creates = {orders}});
    }
    const auto next = embedded_and(
        {"0002_notes", "ALTER TABLE orders ADD COLUMN note TEXT; UPDATE orders SET note = 'old'"});
    {
        Connection connection(path, Access::read_write);
        migrate(connection, next);
        CHECK(version(connection) == static_cast<std::int64_t>(next.size()));
        CHECK(number(connection, "SELECT count(*) FROM orders WHERE note = 'old'") == 2);
        CHECK(number(connection, "SELECT sum(orders) FROM order_counts") == 2);
        migrate(connection, next);
        CHECK(version(connection) == static_cast<std::int64_t>(next.size()));
        CHECK(text(connection, "PRAGMA integrity_check") == "ok");
    }
    // The older program does not know it.
    check_is_refused(path, "restore the backup");
}

}  // namespace
}  // namespace orders::sqlite
