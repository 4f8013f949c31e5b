// Writes that find no room: it is never taken for a broken disk, nothing of what failed is stored,
// and the same connection goes on once there is room. A limit on the size of files (EFBIG) stands
// for a quota (EDQUOT) as well, of which SQLite says the same.

#include <doctest/doctest.h>
#include <fcntl.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/errors.h"
#include "shared/storage/sqlite/sqlite_storage.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/order_builder.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/storage/database_under_test.h"
#include "tests/unit/storage/replaced_descriptor.h"

namespace orders::sqlite {
namespace {

using namespace std::string_literals;
using test::FileSizeLimit;
using test::TempDir;
using Access = Connection::Access;

constexpr auto ignored = FileSizeLimit::Signal::is_ignored;

void check_is_full(const StoreError& error) {
    CHECK(error.kind() == StoreError::Kind::full);
    CHECK_FALSE(error.is_fatal());
    CHECK_MESSAGE(std::string(error.what()).find("limit on the size of files") != std::string::npos,
                  error.what());
}

// What a process that starts now would find if all others had ended.
std::int64_t rows_after_crash(const std::string& path) {
    const TempDir directory;
    const std::string copy = directory.file("copy.db");
    for (const char* part : {"", "-wal"}) std::filesystem::copy_file(path + part, copy + part);
    Connection connection(copy, Access::read_write);
    return number(connection, "SELECT count(*) FROM t");
}

}  // namespace

TEST_CASE("no_room: each errno that says so has its own remedy, and no other has one") {
    CHECK(room_hint(ENOSPC).find("disk") != std::string_view::npos);
    CHECK(room_hint(EDQUOT).find("quota") != std::string_view::npos);
    CHECK(room_hint(EFBIG).find("limit") != std::string_view::npos);
    for (const int error : {0, EIO, EACCES, EROFS, EBADF, ENOMEM}) CHECK(room_hint(error).empty());
}

TEST_CASE("no_room: a commit that finds none is full, and nothing of it is stored") {
    Database database;
    Connection& connection = database.connection;
    Statement insert(connection, "INSERT INTO t (a) VALUES (?)");
    insert.run("kept"s);
    connection.execute("BEGIN IMMEDIATE");
    insert.run(std::string(100'000, 'a'));
    {
        const FileSizeLimit limit(std::filesystem::file_size(database.path + "-wal") + 10'000,
                                  ignored);
        check_is_full(error_of([&] { connection.commit(); }));
    }
    connection.roll_back();
    CHECK(number(connection, "SELECT count(*) FROM t") == 1);
    CHECK(rows_after_crash(database.path) == 1);

    connection.execute("BEGIN IMMEDIATE");
    insert.run(std::string(100'000, 'b'));
    connection.commit();
    CHECK(number(connection, "SELECT count(*) FROM t") == 2);
    CHECK(text(connection, "PRAGMA integrity_check") == "ok");
}

TEST_CASE("no_room: a statement that finds none before the commit is full") {
    Database database;
    Connection& connection = database.connection;
    connection.execute("PRAGMA cache_size = 10");
    Statement insert(connection, "INSERT INTO t (a) VALUES (?)");
    connection.execute("BEGIN IMMEDIATE");
    {
        const FileSizeLimit limit(std::filesystem::file_size(database.path + "-wal") + 10'000,
                                  ignored);
        check_is_full(error_of([&] { insert.run(std::string(1'000'000, 'a')); }));
    }
    connection.roll_back();
    connection.execute("BEGIN IMMEDIATE");
    insert.run(std::string(1'000'000, 'a'));
    connection.commit();
    CHECK(number(connection, "SELECT count(*) FROM t") == 1);
}

// SQLite indexes the frames of a commit behind their sync; the index grows for every 4,096 of them.
TEST_CASE("no_room: a commit without room for its index has an outcome that is unknown for now") {
    Database database;
    Connection& connection = database.connection;
    connection.execute("PRAGMA cache_size = -65536");
    Statement insert(connection, "INSERT INTO t (a) VALUES (?)");
    connection.execute("BEGIN IMMEDIATE");
    connection.execute("INSERT INTO t (a) VALUES (zeroblob(17000000))");
    {
        const ReplacedDescriptor full(database.path + "-shm", "/dev/full", O_RDWR);
        const StoreError error = error_of([&] { connection.commit(); });
        CHECK(error.kind() == StoreError::Kind::outcome_unknown);
        CHECK_FALSE(error.is_fatal());
    }
    connection.roll_back();
    CHECK(number(connection, "SELECT count(*) FROM t") == 0);
    CHECK(rows_after_crash(database.path) == 1);

    insert.run("next"s);
    CHECK(number(connection, "SELECT count(*) FROM t") == 1);
    CHECK(text(connection, "SELECT a FROM t") == "next");
    CHECK(rows_after_crash(database.path) == 1);
    CHECK(text(connection, "PRAGMA integrity_check") == "ok");
}

TEST_CASE("no_room: a store for which there is none is opened once there is") {
    const TempDir directory;
    const auto storage = open_storage(directory.file("orders.db"));
    {
        const FileSizeLimit limit(8'192, ignored);
        check_is_full(error_of([&] { (void)storage->open_intake(); }));
        check_is_full(error_of([&] { (void)storage->open_worker(); }));
    }
    const std::vector<NewOrder> orders{test::an_order("a")};
    CHECK(storage->open_intake()->begin()->commit({.creates = {orders}}).created.size() == 1);
    CHECK(storage->verify().findings == 0);
}

TEST_CASE("no_room: a checkpoint that finds none is tried again, and loses nothing") {
    const TempDir directory;
    const std::string path = directory.file("orders.db");
    const auto storage = open_storage(path);
    const auto store = storage->open_intake();
    Connection writer(path, Access::read_write);
    writer.execute("CREATE TABLE ballast (a BLOB) STRICT; INSERT INTO ballast VALUES (x'')");
    const auto write = [&] {  // four mebibytes into the log
        writer.execute("UPDATE ballast SET a = randomblob(4194304)");
        (void)store->begin()->commit({.is_probe = true});
    };
    const auto log_size = [&] { return std::filesystem::file_size(path + "-wal"); };

    for (int round = 0; round < 13; ++round) write();
    {
        const FileSizeLimit limit(1'048'576, ignored);
        check_is_full(error_of([&] { store->tidy(); }));
    }
    for (int round = 0; round < 2; ++round) {
        write();
        store->tidy();
    }
    const auto size = log_size();
    write();
    CHECK(log_size() == size);  // it has been begun anew
    CHECK(storage->verify().findings == 0);
}

TEST_CASE("no_room: a backup that finds none is full, and leaves nothing behind") {
    const TempDir directory;
    const TempDir elsewhere;
    const auto storage = open_storage(directory.file("orders.db"));
    const std::vector<NewOrder> orders{test::an_order("a")};
    (void)storage->open_intake()->begin()->commit({.creates = {orders}});
    {
        const FileSizeLimit limit(8'192, ignored);
        check_is_full(error_of([&] { (void)storage->back_up(elsewhere.file("copy.db")); }));
    }
    CHECK(std::filesystem::is_empty(elsewhere.path()));
    CHECK(storage->back_up(elsewhere.file("copy.db")).orders == 1);
}

}  // namespace orders::sqlite
