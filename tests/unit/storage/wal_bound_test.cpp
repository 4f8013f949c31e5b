// How long the write-ahead log gets.

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/sqlite_storage.h"
#include "tests/support/temp_dir.h"

namespace orders::sqlite {
namespace {

using test::TempDir;
using Access = Connection::Access;

constexpr std::uintmax_t mebibyte = 1'048'576;

// A store, and another connection to the same file that can make the log long quickly.
struct BusyStore {
    BusyStore() {
        writer.execute("CREATE TABLE ballast (a BLOB) STRICT; INSERT INTO ballast VALUES (x'')");
    }

    // Four mebibytes more in the log, and the commit of a store that sees it.
    void write(IntakeStore& by) {
        writer.execute("UPDATE ballast SET a = randomblob(4194304)");
        (void)by.begin()->commit({.is_probe = true});
        by.tidy();
    }
    void write() { write(*store); }
    [[nodiscard]] std::uintmax_t log_size() const {
        return std::filesystem::file_size(path + "-wal");
    }

    TempDir directory;
    std::string path = directory.file("orders.db");
    std::unique_ptr<IntakeStore> store = open_storage(path)->open_intake();
    Connection writer{path, Access::read_write};
};

TEST_CASE("wal_bound: however much is committed, tidying keeps it below 64 MiB") {
    BusyStore busy;
    for (int round = 0; round < 32; ++round) {
        busy.write();
        CHECK(busy.log_size() < 64 * mebibyte);
    }
}

TEST_CASE("wal_bound: without tidying it grows, so the bound is tidying's doing") {
    BusyStore busy;
    for (int round = 0; round < 17; ++round)
        busy.writer.execute("UPDATE ballast SET a = randomblob(4194304)");
    CHECK(busy.log_size() > 64 * mebibyte);
}

TEST_CASE(
    "wal_bound: a reader that sits on a snapshot makes it grow, and nothing fails meanwhile") {
    BusyStore busy;
    Connection reader(busy.path, Access::read_only);
    Statement count(reader, "SELECT count(*) FROM order_counts");
    {
        Cursor rows = count.query();
        REQUIRE(rows.next());
        for (int round = 0; round < 13; ++round) busy.write();
        CHECK(busy.log_size() > 52 * mebibyte);
        CHECK(rows.get<std::int64_t>(0) == 8);
    }
    // The reader is gone: tried again after some more, and from then on the file stays as it is.
    for (int round = 0; round < 4; ++round) busy.write();
    const auto settled = busy.log_size();
    for (int round = 0; round < 8; ++round) busy.write();
    CHECK(busy.log_size() == settled);
    CHECK(settled < 64 * mebibyte);
}

TEST_CASE(
    "wal_bound: a store that waited for a reader is back at the bound once another began it anew") {
    BusyStore busy;
    const auto other = open_storage(busy.path)->open_intake();
    {
        Connection reader(busy.path, Access::read_only);
        Statement count(reader, "SELECT count(*) FROM order_counts");
        Cursor rows = count.query();
        REQUIRE(rows.next());
        for (int round = 0; round < 14; ++round) busy.write();
    }
    // Another process checkpoints, and its reset cuts the file; the first store has the log alone.
    busy.write(*other);
    busy.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    for (int round = 0; round < 16; ++round) {
        busy.write();
        CHECK(busy.log_size() < 56 * mebibyte);
    }
}

}  // namespace
}  // namespace orders::sqlite
