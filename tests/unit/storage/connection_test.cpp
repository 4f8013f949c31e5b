#include "shared/storage/sqlite/connection.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "tests/support/temp_dir.h"
#include "tests/unit/storage/database_under_test.h"
#include "tests/unit/storage/replaced_descriptor.h"

namespace orders::sqlite {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using test::TempDir;
using Access = Connection::Access;

TEST_CASE("connection: a lock that another one holds makes it busy until that ends") {
    Database database;
    Connection other(database.path, Access::read_write);
    other.execute("BEGIN IMMEDIATE");
    database.connection.set_busy_timeout(0ms);
    CHECK(kind_of_error([&] { database.connection.execute("BEGIN IMMEDIATE"); }) ==
          StoreError::Kind::busy);
    CHECK(kind_of_error([&] {
              Statement(database.connection, "INSERT INTO t (a) VALUES (1)").run();
          }) == StoreError::Kind::busy);
    CHECK(number(database.connection, "SELECT count(*) FROM t") == 0);

    other.roll_back();
    database.connection.execute("BEGIN IMMEDIATE");
    database.connection.execute("INSERT INTO t (a) VALUES (1)");
    database.connection.commit();
    CHECK(number(other, "SELECT count(*) FROM t") == 1);
}

TEST_CASE(
    "connection: an error of the environment is one line with a hint, and says if it is fatal") {
    Database database;
    Connection other(database.path, Access::read_write);
    other.execute("BEGIN IMMEDIATE");
    database.connection.set_busy_timeout(0ms);
    try {
        database.connection.execute("BEGIN IMMEDIATE");
        FAIL("it was not busy");
    } catch (const StoreError& error) {
        CHECK_FALSE(error.is_fatal());
        const std::string what = error.what();
        CHECK(what.find("database is locked") != std::string::npos);
        CHECK(what.find("another program") != std::string::npos);
        CHECK(what.find('\n') == std::string::npos);
    }
}

TEST_CASE("connection: what is not a database counts as damaged, and stays as it is") {
    const TempDir directory;
    const std::string path = directory.file("notes.txt");
    const std::string content =
        "These are notes, and long enough to be looked at.\n" + std::string(8'192, 'x');
    std::ofstream(path) << content;
    CHECK(kind_of_error([&] {
              Connection connection(path, Access::read_write);
              connection.execute("CREATE TABLE t (a)");
          }) == StoreError::Kind::damaged);
    std::ifstream file(path);
    CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == content);
}

TEST_CASE("connection: a damaged database is called damaged") {
    const TempDir directory;
    const std::string path = directory.file("test.db");
    {
        Connection connection(path, Access::read_write);
        connection.execute("CREATE TABLE t (a); CREATE INDEX i ON t (a); INSERT INTO t VALUES (1)");
    }
    std::fstream file(path, std::ios::in | std::ios::out);
    file.seekp(100);
    file << std::string(200, '\xff');
    file.close();
    CHECK(kind_of_error([&] {
              Connection connection(path, Access::read_write);
              connection.execute("SELECT * FROM t");
          }) == StoreError::Kind::damaged);
}

TEST_CASE("connection: a path that cannot be opened is unusable") {
    const TempDir directory;
    const auto open = [](const std::string& path, Access access) {
        return kind_of_error([&] { const Connection connection(path, access); });
    };
    CHECK(open(directory.file("missing/test.db"), Access::read_write) ==
          StoreError::Kind::unusable);
    CHECK(open(directory.path().string(), Access::read_write) == StoreError::Kind::unusable);
    CHECK(open(directory.file("missing.db"), Access::read_only) == StoreError::Kind::unusable);
    CHECK_FALSE(std::filesystem::exists(directory.file("missing.db")));
}

TEST_CASE("connection: a database that this user may only read is unusable for writing") {
    const TempDir directory;
    const std::string path = directory.file("test.db");
    Connection(path, Access::read_write).execute("CREATE TABLE t (a)");
    std::filesystem::permissions(path, std::filesystem::perms(0444));
    std::filesystem::permissions(directory.path(), std::filesystem::perms(0555));
    // In a process of another user, because permissions do not bind root.
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        constexpr uid_t nobody = 65'534;
        if (::geteuid() == 0 && ::setuid(nobody) != 0) ::_exit(3);
        int status = 1;
        try {
            Connection connection(path, Access::read_write);
            connection.execute("INSERT INTO t VALUES (1)");
        } catch (const StoreError& error) {
            status = error.kind() == StoreError::Kind::unusable ? 0 : 2;
        }
        ::_exit(status);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("connection: a full disk is full, loses nothing, and takes writes once there is room") {
    Database database;
    Connection& connection = database.connection;
    Statement insert(connection, "INSERT INTO t (a) VALUES (?)");
    insert.run("kept"s);
    connection.execute("PRAGMA max_page_count = 10");
    connection.execute("BEGIN IMMEDIATE");
    try {
        for (char letter = 'a';; ++letter) insert.run(std::string(4'000, letter));
    } catch (const StoreError& error) {
        CHECK(error.kind() == StoreError::Kind::full);
        CHECK_FALSE(error.is_fatal());
        CHECK(std::string(error.what()).find("make room") != std::string::npos);
    }
    connection.roll_back();
    CHECK(number(connection, "SELECT count(*) FROM t") == 1);

    connection.execute("PRAGMA max_page_count = 1000");
    connection.execute("BEGIN IMMEDIATE");
    insert.run(std::string(40'000, 'a'));
    connection.commit();
    CHECK(number(connection, "SELECT count(*) FROM t") == 2);
}

TEST_CASE("connection: a commit that fails on the disk has an unknown outcome, which is fatal") {
    Database database;
    Connection& connection = database.connection;
    connection.execute("BEGIN IMMEDIATE");
    Statement(connection, "INSERT INTO t (a) VALUES (?)").run(std::string(100'000, 'a'));
    {
        // A log that cannot be written, for a reason that has nothing to do with room.
        const std::string log = database.path + "-wal";
        const ReplacedDescriptor unwritable(log, log.c_str(), O_RDONLY);
        try {
            connection.commit();
            FAIL("it was committed");
        } catch (const StoreError& error) {
            CHECK(error.kind() == StoreError::Kind::outcome_unknown);
            CHECK(error.is_fatal());
        }
    }
    connection.roll_back();
    CHECK(number(connection, "SELECT count(*) FROM t") == 0);
    CHECK(text(connection, "PRAGMA integrity_check") == "ok");
}

TEST_CASE("connection: what only a bug can cause is a logic_error") {
    Database database;
    Connection& connection = database.connection;
    CHECK_THROWS_AS(Statement(connection, "SELEC 1"), std::logic_error);
    CHECK_THROWS_AS(Statement(connection, "SELECT a FROM missing"), std::logic_error);
    CHECK_THROWS_AS(connection.execute("CREATE TABLE t (a)"), std::logic_error);
    CHECK_THROWS_AS(connection.execute_script("nonsense"), std::logic_error);
    CHECK_THROWS_AS(connection.commit(), std::logic_error);  // there is no transaction
    Statement insert(connection, "INSERT INTO t (a) VALUES (?)");
    insert.run(1);
    CHECK_THROWS_AS(insert.run(1), std::logic_error);
    CHECK_THROWS_AS(insert.run(2, 3), std::logic_error);
    CHECK(insert.run(2) == 1);
}

TEST_CASE("connection: a script stops at the statement that fails") {
    Database database;
    CHECK_THROWS_AS(database.connection.execute_script("INSERT INTO t VALUES (1);"
                                                       "INSERT INTO missing VALUES (1);"
                                                       "INSERT INTO t VALUES (2)"),
                    std::logic_error);
    CHECK(number(database.connection, "SELECT count(*) FROM t") == 1);
}

TEST_CASE("connection: rolling back keeps nothing, and without a transaction does nothing") {
    Database database;
    Connection& connection = database.connection;
    connection.roll_back();
    connection.execute("BEGIN IMMEDIATE");
    connection.execute("INSERT INTO t (a) VALUES (1)");
    connection.roll_back();
    connection.roll_back();
    CHECK(number(connection, "SELECT count(*) FROM t") == 0);
}

TEST_CASE("connection: rolling back what SQLite has rolled back by itself does no harm") {
    Database database;
    Connection& connection = database.connection;
    connection.execute("INSERT INTO t (a) VALUES (1)");
    connection.execute("BEGIN IMMEDIATE");
    connection.execute("INSERT INTO t (a) VALUES (2)");
    CHECK_THROWS_AS(connection.execute("INSERT OR ROLLBACK INTO t (a) VALUES (1)"),
                    std::logic_error);
    connection.roll_back();
    CHECK(number(connection, "SELECT count(*) FROM t") == 1);
    connection.execute("BEGIN IMMEDIATE");
    connection.commit();
}

TEST_CASE("connection: its settings are in force") {
    Database database;
    Connection reader(database.path, Access::read_only);
    for (Connection* connection : {&database.connection, &reader}) {
        CHECK(number(*connection, "PRAGMA synchronous") == 2);
        CHECK(number(*connection, "PRAGMA wal_autocheckpoint") == 0);
        CHECK(number(*connection, "PRAGMA foreign_keys") == 1);
        CHECK(number(*connection, "PRAGMA trusted_schema") == 0);
        CHECK(number(*connection, "PRAGMA secure_delete") == 0);
        CHECK(number(*connection, "PRAGMA mmap_size") == 0);
        CHECK(number(*connection, "PRAGMA journal_size_limit") == 64 << 20);
        CHECK(number(*connection, "PRAGMA busy_timeout") ==
              Connection::default_busy_timeout.count());
    }
    CHECK(number(database.connection, "PRAGMA query_only") == 0);
    CHECK(number(reader, "PRAGMA query_only") == 1);
}

TEST_CASE("connection: a reader reads, sees what is committed later, and cannot write") {
    Database database;
    Connection reader(database.path, Access::read_only);
    Statement count(reader, "SELECT count(*) FROM t");
    const auto rows_seen = [&] {
        Cursor rows = count.query();
        rows.next();
        return rows.get<std::int64_t>(0);
    };
    CHECK(rows_seen() == 0);
    database.connection.execute("INSERT INTO t (a) VALUES (1)");
    CHECK(rows_seen() == 1);
    CHECK(kind_of_error([&] { reader.execute("INSERT INTO t (a) VALUES (2)"); }) ==
          StoreError::Kind::unusable);
    CHECK(rows_seen() == 1);
}

TEST_CASE("connection: the last one that closes leaves the log as it is") {
    const TempDir directory;
    const std::string path = directory.file("test.db");
    {
        Connection connection(path, Access::read_write);
        connection.execute(
            "PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (7)");
    }
    CHECK(std::filesystem::file_size(path + "-wal") > 0);
    Connection connection(path, Access::read_write);
    CHECK(number(connection, "SELECT a FROM t") == 7);
}

}  // namespace
}  // namespace orders::sqlite
