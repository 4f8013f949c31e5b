#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "shared/storage/sqlite/connection.h"
#include "tests/unit/storage/database_under_test.h"

namespace orders::sqlite {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using Access = Connection::Access;

TEST_CASE("statement: whole numbers come back as they were bound, to the extremes") {
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

TEST_CASE("statement: texts come back as they were bound, empty or with any bytes in them") {
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

TEST_CASE("statement: an empty text that points nowhere is a text, not NULL") {
    Database database;
    Statement echo(database.connection, "SELECT ?1, typeof(?1)");
    Cursor rows = echo.query(std::string_view{});
    REQUIRE(rows.next());
    CHECK(rows.get<std::string>(1) == "text");
}

TEST_CASE("statement: a stored text keeps what is behind a zero byte") {
    Database database;
    Statement insert(database.connection, "INSERT INTO t (a) VALUES (?)");
    CHECK(insert.run("a\0b"s) == 1);
    CHECK(text(database.connection, "SELECT a FROM t") == "a\0b"s);
    CHECK(number(database.connection, "SELECT count(*) FROM t WHERE a = 'a'") == 0);
}

TEST_CASE("statement: an empty optional is NULL, a full one its value") {
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

TEST_CASE("statement: NULL does not read as zero or as an empty text") {
    Database database;
    Statement echo(database.connection, "SELECT NULL");
    Cursor rows = echo.query();
    REQUIRE(rows.next());
    CHECK_THROWS_AS((void)rows.get<std::int64_t>(0), std::bad_optional_access);
    CHECK_THROWS_AS((void)rows.get<std::string>(0), std::bad_optional_access);
}

TEST_CASE("statement: it runs again and again, each time with its own values") {
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

TEST_CASE("statement: running it tells how many rows it changed") {
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

TEST_CASE("statement: rows that a change returns can be read, and all of the change is done") {
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

TEST_CASE("statement: a cursor destroyed in the middle keeps no snapshot alive") {
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

TEST_CASE("statement: a cursor that was moved is still the one that ends the query") {
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

TEST_CASE("statement: a second query while rows of the first are read is a bug") {
    Database database;
    Statement(database.connection, "INSERT INTO t (a) VALUES (1), (2)").run();
    Statement all(database.connection, "SELECT a FROM t WHERE a > ?");
    Cursor rows = all.query(0);
    REQUIRE(rows.next());
    CHECK_THROWS_AS((void)all.query(0), std::logic_error);
}

}  // namespace
}  // namespace orders::sqlite
