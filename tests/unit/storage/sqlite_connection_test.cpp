#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

#include "shared/storage/sqlite/connection.h"
#include "tests/support/sqlite_values.h"
#include "tests/support/temp_dir.h"

namespace orders::sqlite {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using test::TempDir;
using Access = Connection::Access;

template <typename Action>
StoreError::Kind kind_of_error(Action action) {
    try {
        action();
    } catch (const StoreError& error) {
        return error.kind();
    }
    throw std::runtime_error("no StoreError was thrown");
}

// A database with an empty table `t (a)` that takes values of any type.
struct Database {
    Database() {
        connection.execute("PRAGMA journal_mode = WAL");
        connection.execute("CREATE TABLE t (a ANY UNIQUE) STRICT");
    }
    TempDir directory;
    std::string path = directory.file("test.db");
    Connection connection{path, Access::read_write};
};

// The largest file that this process may write, while the object lives: writing more fails as it
// does on a broken disk.
class FileSizeLimit {
   public:
    explicit FileSizeLimit(std::uintmax_t bytes) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{static_cast<rlim_t>(bytes), before_.rlim_max};
        handler_before_ = std::signal(SIGXFSZ, SIG_IGN);
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_before_);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

   private:
    rlimit before_{};
    void (*handler_before_)(int) = SIG_DFL;
};

TEST_CASE("Statement: whole numbers come back as they were bound, to the extremes") {
    Database database;
    Statement echo(database.connection, "SELECT ?");
    for (const std::int64_t value :
         {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1} << 53,
          std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
        Cursor rows = echo.query(value);
        REQUIRE(rows.next());
        CHECK(rows.get<std::int64_t>(0) == value);
        CHECK(rows.get<std::optional<std::int64_t>>(0) == value);
    }
    Statement several(database.connection, "SELECT ?, ?, ?");
    Cursor rows = several.query(true, -7, std::size_t{9});
    REQUIRE(rows.next());
    CHECK(rows.get<std::int64_t>(0) == 1);
    CHECK(rows.get<std::int64_t>(1) == -7);
    CHECK(rows.get<std::int64_t>(2) == 9);
}

TEST_CASE("Statement: texts come back as they were bound, empty or with any bytes in them") {
    Database database;
    Statement echo(database.connection, "SELECT ?1, typeof(?1)");
    for (const std::string& value :
         {""s, "plain"s, "a\0b"s, "\0"s, "it's \"quoted\"; DROP TABLE t"s, "\xc3\xa4\xe2\x82\xac"s,
          std::string(100'000, 'x')}) {
        CAPTURE(value.size());
        Cursor rows = echo.query(value);
        REQUIRE(rows.next());
        CHECK(rows.get<std::string>(0) == value);
        CHECK(rows.get<std::optional<std::string>>(0) == value);
        CHECK(rows.get<std::string>(1) == "text");
    }
    Cursor rows = echo.query("a literal");
    REQUIRE(rows.next());
    CHECK(rows.get<std::string>(0) == "a literal");
}

TEST_CASE("Statement: an empty text that points nowhere is a text, not NULL") {
    Database database;
    Statement echo(database.connection, "SELECT ?1, typeof(?1)");
    Cursor rows = echo.query(std::string_view{});
    REQUIRE(rows.next());
    CHECK(rows.get<std::string>(1) == "text");
}

TEST_CASE("Statement: a stored text keeps what is behind a zero byte") {
    Database database;
    Statement insert(database.connection, "INSERT INTO t (a) VALUES (?)");
    CHECK(insert.run("a\0b"s) == 1);
    CHECK(text(database.connection, "SELECT a FROM t") == "a\0b"s);
    CHECK(number(database.connection, "SELECT count(*) FROM t WHERE a = 'a'") == 0);
}

TEST_CASE("Statement: an empty optional is NULL, a full one its value") {
    Database database;
    Statement echo(database.connection, "SELECT ?, ?, ?, ?, ?");
    Cursor rows = echo.query(std::nullopt, std::optional<std::int64_t>(), std::optional<int>(5),
                             std::optional<std::string>(), std::optional("five"s));
    REQUIRE(rows.next());
    CHECK_FALSE(rows.get<std::optional<std::int64_t>>(0));
    CHECK_FALSE(rows.get<std::optional<std::int64_t>>(1));
    CHECK(rows.get<std::optional<std::int64_t>>(2) == 5);
    CHECK_FALSE(rows.get<std::optional<std::string>>(3));
    CHECK(rows.get<std::optional<std::string>>(4) == "five");
}

TEST_CASE("Statement: NULL does not read as zero or as an empty text") {
    Database database;
    Statement echo(database.connection, "SELECT NULL");
    Cursor rows = echo.query();
    REQUIRE(rows.next());
    CHECK_THROWS_AS((void)rows.get<std::int64_t>(0), std::bad_optional_access);
    CHECK_THROWS_AS((void)rows.get<std::string>(0), std::bad_optional_access);
}

TEST_CASE("Statement: it runs again and again, each time with its own values") {
    Database database;
    Statement insert(database.connection, "INSERT INTO t (a) VALUES (?)");
    for (int value = 0; value < 5; ++value) CHECK(insert.run(value) == 1);
    Statement find(database.connection, "SELECT a FROM t WHERE a >= ? ORDER BY a");
    for (int from = 5; from >= 0; --from) {
        Cursor rows = find.query(from);
        for (int value = from; value < 5; ++value) {
            REQUIRE(rows.next());
            CHECK(rows.get<std::int64_t>(0) == value);
        }
        CHECK_FALSE(rows.next());
    }
}

TEST_CASE("Statement: running it tells how many rows it changed") {
    Database database;
    CHECK(Statement(database.connection, "INSERT INTO t (a) VALUES (1), (2), (3)").run() == 3);
    Statement change(database.connection, "UPDATE t SET a = a + 10 WHERE a < ?");
    CHECK(change.run(3) == 2);
    CHECK(change.run(4) == 1);
    CHECK(change.run(4) == 0);
    CHECK(Statement(database.connection, "DELETE FROM t").run() == 3);
    Statement insert(database.connection, "INSERT INTO t (a) VALUES (?) ON CONFLICT DO NOTHING");
    CHECK(insert.run(1) == 1);
    CHECK(insert.run(1) == 0);
}

TEST_CASE("Statement: rows that a change returns can be read, and all of the change is done") {
    Database database;
    Statement(database.connection, "INSERT INTO t (a) VALUES (1), (2), (3)").run();
    Statement change(database.connection, "UPDATE t SET a = a + 10 RETURNING a");
    {
        Cursor rows = change.query();
        REQUIRE(rows.next());
        CHECK(rows.get<std::int64_t>(0) > 10);
    }
    CHECK(number(database.connection, "SELECT min(a) FROM t") == 11);
}

TEST_CASE("Cursor: destroyed in the middle it keeps no snapshot alive") {
    Database database;
    Connection reader(database.path, Access::read_only);
    Statement insert(database.connection, "INSERT INTO t (a) VALUES (?)");
    insert.run(1);
    insert.run(2);
    Statement all(reader, "SELECT a FROM t");
    database.connection.set_busy_timeout(0ms);
    const auto is_checkpoint_kept_off = [&] {
        return number(database.connection, "PRAGMA wal_checkpoint(TRUNCATE)") == 1;
    };
    {
        Cursor rows = all.query();
        REQUIRE(rows.next());
        insert.run(3);
        CHECK(is_checkpoint_kept_off());
    }
    CHECK_FALSE(is_checkpoint_kept_off());
    CHECK(all.query().next());
}

TEST_CASE("Cursor: moved, it is still the one that ends the query") {
    Database database;
    Statement(database.connection, "INSERT INTO t (a) VALUES (1), (2)").run();
    Statement all(database.connection, "SELECT a FROM t WHERE a > ?");
    {
        Cursor rows = all.query(0);
        REQUIRE(rows.next());
        Cursor moved = std::move(rows);
        REQUIRE(moved.next());
        CHECK(moved.get<std::int64_t>(0) == 2);
    }
    CHECK(all.query(1).next());
}

TEST_CASE("Statement: a second query while rows of the first are read is a bug") {
    Database database;
    Statement(database.connection, "INSERT INTO t (a) VALUES (1), (2)").run();
    Statement all(database.connection, "SELECT a FROM t WHERE a > ?");
    Cursor rows = all.query(0);
    REQUIRE(rows.next());
    CHECK_THROWS_AS((void)all.query(0), std::logic_error);
}

TEST_CASE("Connection: a lock that another one holds makes it busy, and later not") {
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
    "Connection: an error of the environment is one line with a hint, and says if it is fatal") {
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

TEST_CASE("Connection: what is not a database is unusable, and stays as it is") {
    const TempDir directory;
    const std::string path = directory.file("notes.txt");
    const std::string content =
        "These are notes, and long enough to be looked at.\n" + std::string(8'192, 'x');
    std::ofstream(path) << content;
    CHECK(kind_of_error([&] {
              Connection connection(path, Access::read_write);
              connection.execute("CREATE TABLE t (a)");
          }) == StoreError::Kind::unusable);
    std::ifstream file(path);
    CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == content);
}

TEST_CASE("Connection: a damaged database is unusable") {
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
          }) == StoreError::Kind::unusable);
}

TEST_CASE("Connection: a path that cannot be opened is unusable") {
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

TEST_CASE("Connection: a database that this user may only read is unusable for writing") {
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

TEST_CASE("Connection: a full disk is full, loses nothing, and takes writes once there is room") {
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

TEST_CASE("Connection: a commit that fails in the disk has an unknown outcome, which is fatal") {
    Database database;
    Connection& connection = database.connection;
    connection.execute("BEGIN IMMEDIATE");
    Statement(connection, "INSERT INTO t (a) VALUES (?)").run(std::string(100'000, 'a'));
    {
        const FileSizeLimit limit(std::filesystem::file_size(database.path + "-wal") + 10'000);
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

TEST_CASE("Connection: what only a bug can cause is a logic_error") {
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

TEST_CASE("Connection: a script stops at the statement that fails") {
    Database database;
    CHECK_THROWS_AS(database.connection.execute_script("INSERT INTO t VALUES (1);"
                                                       "INSERT INTO missing VALUES (1);"
                                                       "INSERT INTO t VALUES (2)"),
                    std::logic_error);
    CHECK(number(database.connection, "SELECT count(*) FROM t") == 1);
}

TEST_CASE("Connection: rolling back keeps nothing, and without a transaction does nothing") {
    Database database;
    Connection& connection = database.connection;
    connection.roll_back();
    connection.execute("BEGIN IMMEDIATE");
    connection.execute("INSERT INTO t (a) VALUES (1)");
    connection.roll_back();
    connection.roll_back();
    CHECK(number(connection, "SELECT count(*) FROM t") == 0);
}

TEST_CASE("Connection: rolling back what SQLite has rolled back by itself does no harm") {
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

TEST_CASE("Connection: its settings are in force") {
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

TEST_CASE("Connection: a reader reads, sees what is committed later, and cannot write") {
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

TEST_CASE("Connection: the last one that closes leaves the log as it is") {
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
