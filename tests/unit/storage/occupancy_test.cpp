// Who comes first makes the store ready, and who comes later shares it.

#include "shared/storage/sqlite/occupancy.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <vector>

#include "shared/storage/sqlite/sqlite_storage.h"
#include "tests/support/order_builder.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/storage/database_under_test.h"

namespace orders::sqlite {
namespace {

using test::TempDir;

struct Identity {
    explicit Identity(const std::string& path) {
        Connection connection(path, Connection::Access::read_only);
        store_id = text(connection, "SELECT store_id FROM store");
        incarnation = text(connection, "SELECT incarnation FROM store");
        generation = text(connection, "SELECT generation FROM store");
    }
    std::string store_id;
    std::string incarnation;
    std::string generation;
};

// The number of the page that the log begins with.
std::int64_t first_page_of_log(const std::string& path) {
    std::ifstream log(path + "-wal", std::ios::binary);
    log.seekg(32);
    std::int64_t page = 0;
    for (int i = 0; i < 4; ++i) page = page * 256 + log.get();
    return page;
}

}  // namespace

TEST_CASE("occupancy: the first to come gives the store a new generation, and nobody else does") {
    const TempDir directory;
    const std::string path = directory.file("orders.db");
    auto first = open_storage(path)->open_intake();
    const Identity before(path);
    CHECK(before.store_id.size() == 32);
    CHECK(before.incarnation.size() == 32);
    CHECK(before.generation.size() == 32);

    const auto second = open_storage(path)->open_worker();
    first.reset();
    const auto third = open_storage(path)->open_intake();
    CHECK(Identity(path).generation == before.generation);
}

TEST_CASE(
    "occupancy: a program that finds nobody there begins a new generation of the same store") {
    const TempDir directory;
    const std::string path = directory.file("orders.db");
    { const auto intake = open_storage(path)->open_intake(); }
    const Identity before(path);
    { const auto worker = open_storage(path)->open_worker(); }
    const Identity after(path);
    CHECK(after.generation != before.generation);
    CHECK(after.incarnation == before.incarnation);
    CHECK(after.store_id == before.store_id);
}

TEST_CASE("occupancy: a backup is the same store, and another incarnation once it is opened") {
    const TempDir directory;
    const std::string path = directory.file("orders.db");
    const std::string copy = directory.file("copy.db");
    const auto storage = open_storage(path);
    const auto intake = storage->open_intake();
    (void)storage->back_up(copy);
    CHECK(Identity(copy).incarnation.empty());
    CHECK(open_storage(copy)->verify().findings == 0);
    const auto restored = open_storage(copy)->open_intake();
    const Identity original(path);
    const Identity opened(copy);
    CHECK(opened.store_id == original.store_id);
    CHECK(opened.incarnation.size() == 32);
    CHECK(opened.incarnation != original.incarnation);
    CHECK(opened.generation != original.generation);
}

TEST_CASE("occupancy: whoever comes waits for one that has the store to itself") {
    const TempDir directory;
    const std::string path = directory.file("orders.db");
    PresenceFile alone(path);
    REQUIRE(alone.try_lock(0, PresenceFile::Hold::exclusive));
    std::atomic<bool> is_free = false;
    auto came_after = std::async(std::launch::async, [&] {
        const auto intake = open_storage(path)->open_intake();
        return is_free.load();
    });
    is_free = true;
    alone.unlock(0);
    CHECK(came_after.get());
}

TEST_CASE("occupancy: a store is occupied until the last of its parts is closed") {
    const TempDir directory;
    const std::string path = directory.file("orders.db");
    const auto storage = open_storage(path);
    auto intake = storage->open_intake();
    auto reader = storage->open_reader();
    intake.reset();
    const PresenceFile other(path);
    CHECK(other.is_locked_by_another(0));
    reader.reset();
    CHECK_FALSE(other.is_locked_by_another(0));
}

TEST_CASE("occupancy: every log begins with the page that tells the generation") {
    const TempDir directory;
    const std::string path = directory.file("orders.db");
    const auto storage = open_storage(path);
    const auto intake = storage->open_intake();
    const auto bystander = storage->open_worker();
    Connection writer(path, Connection::Access::read_write);
    const auto page = number(writer, "SELECT rootpage FROM sqlite_schema WHERE name = 'store'");
    CHECK(first_page_of_log(path) == page);
    writer.execute("CREATE TABLE ballast (a BLOB) STRICT; INSERT INTO ballast VALUES (x'')");

    // Until a checkpoint was due, and other writers have begun the log anew.
    const auto salt_of_log = [&] {
        std::ifstream log(path + "-wal", std::ios::binary);
        std::string header(32, '\0');
        log.read(header.data(), 32);
        return header.substr(16, 8);
    };
    const std::string before = salt_of_log();
    for (int round = 0; round < 14 && salt_of_log() == before; ++round) {
        writer.execute("UPDATE ballast SET a = randomblob(4194304)");
        (void)intake->begin()->commit({.is_probe = true});
        intake->tidy();
    }
    CHECK(salt_of_log() != before);
    CHECK(first_page_of_log(path) == page);
}

}  // namespace orders::sqlite
