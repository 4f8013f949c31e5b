// What a stopped store leaves behind, if the last one to stop folds its log.

#include "shared/storage/sqlite/fold_log.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "shared/storage/sqlite/connection.h"
#include "tests/support/file_contents.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/storage/database_under_test.h"

namespace orders::sqlite {
namespace {

using test::contents_of;
using test::TempDir;
using Access = Connection::Access;

// A database that nobody uses any more, whose only row is in its log alone.
struct StoppedDatabase {
    StoppedDatabase() {
        Connection connection(path, Access::read_write);
        connection.execute(
            "PRAGMA journal_mode = WAL; CREATE TABLE t (a); PRAGMA wal_checkpoint(TRUNCATE)");
        connection.execute("INSERT INTO t VALUES (7)");
    }
    [[nodiscard]] std::set<std::string> files() const {
        std::set<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
            names.insert(entry.path().filename());
        }
        return names;
    }
    [[nodiscard]] std::string log() const { return contents_of(path + "-wal"); }

    TempDir directory;
    std::string path = directory.file("test.db");
};

const std::set<std::string> one_file{"test.db"};

TEST_CASE("fold_log: a stopped store is one file, with all that the log held") {
    const StoppedDatabase database;
    REQUIRE(!database.log().empty());
    fold_log(database.path);
    CHECK(database.files() == one_file);

    std::filesystem::copy_file(database.path, database.directory.file("elsewhere.db"));
    Connection copy(database.directory.file("elsewhere.db"), Access::read_only);
    CHECK(number(copy, "SELECT a FROM t") == 7);
    CHECK(text(copy, "PRAGMA integrity_check") == "ok");
}

TEST_CASE(
    "fold_log: it can be done again, and there need be no log, no database and no directory") {
    const StoppedDatabase database;
    fold_log(database.path);
    fold_log(database.path);
    CHECK(database.files() == one_file);
    fold_log(database.directory.file("missing.db"));
    fold_log(database.directory.file("missing/test.db"));
    CHECK(database.files() == one_file);
}

TEST_CASE("fold_log: while somebody has the database open, idle or reading, the log stays") {
    const StoppedDatabase database;
    const std::string log = database.log();
    Connection other(database.path, Access::read_only);
    Statement rows_of_t(other, "SELECT a FROM t");
    {
        Cursor rows = rows_of_t.query();
        REQUIRE(rows.next());
        fold_log(database.path);
        CHECK(rows.get<std::int64_t>(0) == 7);
    }
    fold_log(database.path);
    CHECK(database.log() == log);
    CHECK(number(other, "SELECT a FROM t") == 7);
}

TEST_CASE("fold_log: somebody who writes goes on writing, and loses nothing") {
    const StoppedDatabase database;
    Connection writer(database.path, Access::read_write);
    writer.execute("BEGIN IMMEDIATE; INSERT INTO t VALUES (8)");
    fold_log(database.path);
    writer.commit();
    CHECK(number(writer, "SELECT sum(a) FROM t") == 15);
}

TEST_CASE(
    "fold_log: a log that somebody's snapshot has made very long is left to the next program") {
    const StoppedDatabase database;
    const auto size = [&] { return std::filesystem::file_size(database.path + "-wal"); };
    std::filesystem::resize_file(database.path + "-wal", long_log_bytes + 1);  // a hole
    fold_log(database.path);
    CHECK(size() == long_log_bytes + 1);
    std::filesystem::resize_file(database.path + "-wal", long_log_bytes);
    fold_log(database.path);
    CHECK(database.files() == one_file);
}

TEST_CASE("fold_log: what is damaged stays as it is, and is no error here") {
    const StoppedDatabase database;
    const std::string log = database.log();
    SUBCASE("not a database") {
        std::ofstream(database.path) << std::string(8'192, 'x');
    }
    SUBCASE("a directory") {
        std::filesystem::remove(database.path);
        std::filesystem::create_directory(database.path);
    }
    fold_log(database.path);
    CHECK(database.log() == log);
}

}  // namespace
}  // namespace orders::sqlite
