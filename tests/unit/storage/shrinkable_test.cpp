// An older store is rewritten once, whole or not at all.

#include "shared/storage/sqlite/shrinkable.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>

#include "shared/storage/sqlite/sqlite_storage.h"
#include "tests/support/file_contents.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/storage/database_under_test.h"

namespace orders::sqlite {
namespace {

using test::contents_of;
using test::FileSizeLimit;
using test::TempDir;
using Access = Connection::Access;
namespace fs = std::filesystem;

constexpr std::int64_t orders = 5'000;
constexpr std::int64_t incremental = 2;

std::int64_t mode_of(const std::string& path) {
    Connection connection(path, Access::read_only);
    return number(connection, "PRAGMA auto_vacuum");
}

// A stopped store of 0.1.0's form, of half a megabyte.
class OlderStore {
   protected:
    OlderStore() {
        { const auto intake = open_storage(path_)->open_intake(); }
        Connection connection(path_, Access::read_write);
        connection.execute("PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM");
        connection.execute(
            "PRAGMA journal_mode = WAL; BEGIN;"
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
            " INSERT INTO orders (order_id, priority, processing_time, created_at)"
            " SELECT printf('%d-%d', i * 7919 % 20011, i), 0, 1, 0 FROM n;"
            "UPDATE order_counts SET orders = 5000 WHERE priority = 0 AND status = 0; COMMIT;"
            "PRAGMA wal_checkpoint(TRUNCATE)");
        REQUIRE(mode_of(path_) == 0);
    }

    // Of what a program finds that starts now; it has a log then, as all have.
    void check_is_whole(const std::string& path) const {
        const auto storage = open_storage(path);
        const auto intake = storage->open_intake();
        const Verification found = storage->verify();
        CHECK(found.findings == 0);
        CHECK(found.orders.pending == orders);
        Connection connection(path, Access::read_only);
        CHECK(text(connection, "PRAGMA journal_mode") == "wal");
    }

    const TempDir directory_;
    const std::string path_ = directory_.file("orders.db");
};

}  // namespace

TEST_CASE("shrinkable: a new store is so from the start, and is not rewritten") {
    const TempDir directory;
    const std::string path = directory.file("orders.db");
    { const auto intake = open_storage(path)->open_intake(); }
    CHECK(mode_of(path) == incremental);
}

TEST_CASE_FIXTURE(OlderStore, "shrinkable: an older store is so once a program has started") {
    check_is_whole(path_);
    CHECK(mode_of(path_) == incremental);
    check_is_whole(path_);
}

TEST_CASE_FIXTURE(OlderStore, "shrinkable: without twice the room an older store stays as it is") {
    const std::string before = contents_of(path_);
    const auto size = static_cast<std::int64_t>(before.size());
    Connection connection(path_, Access::read_write);
    make_shrinkable(connection, [&](const std::string& path) {
        CHECK(path == path_);
        return 2 * size - 1;
    });
    CHECK(contents_of(path_) == before);
    CHECK(mode_of(path_) == 0);
    make_shrinkable(connection, [&](const std::string&) { return 2 * size; });
    CHECK(mode_of(path_) == incremental);
}

TEST_CASE_FIXTURE(OlderStore, "shrinkable: a rewrite that runs out of room changes nothing") {
    Connection connection(path_, Access::read_write);
    {
        const FileSizeLimit limit(125'000, FileSizeLimit::Signal::is_ignored);
        make_shrinkable(connection);
    }
    CHECK(number(connection, "PRAGMA auto_vacuum") == 0);
    CHECK(text(connection, "PRAGMA journal_mode") == "wal");
    CHECK(number(connection, "SELECT count(*) FROM orders") == orders);
    CHECK(text(connection, "PRAGMA integrity_check") == "ok");
}

TEST_CASE_FIXTURE(OlderStore, "shrinkable: while another program reads, nothing is rewritten") {
    Connection connection(path_, Access::read_write);
    Connection reader(path_, Access::read_only);
    CHECK(number(reader, "SELECT count(*) FROM orders") == orders);
    connection.set_busy_timeout(std::chrono::milliseconds{0});
    make_shrinkable(connection);
    CHECK(mode_of(path_) == 0);
    CHECK(number(reader, "SELECT count(*) FROM orders") == orders);
}

TEST_CASE_FIXTURE(OlderStore, "shrinkable: killed at any moment, the rewrite is done again") {
    for (int moment = 0; moment < 20; ++moment) {
        CAPTURE(moment);
        const TempDir directory;
        const std::string path = directory.file("orders.db");
        fs::copy_file(path_, path);
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            try {
                const auto intake = open_storage(path)->open_intake();
                ::pause();
            } catch (...) {
            }
            ::_exit(1);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{3} * moment);
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        check_is_whole(path);
        CHECK(mode_of(path) == incremental);
        // Nothing was set aside, and no temporary file is left.
        for (const auto& entry : fs::directory_iterator(directory.path())) {
            const std::string name = entry.path().filename();
            CHECK_MESSAGE(name.starts_with("orders.db"), name);
            CHECK_MESSAGE(name.find(".stale-") == std::string::npos, name);
        }
    }
}

TEST_CASE("shrinkable: a backup, and what is restored from it, can shrink as the store can") {
    const TempDir directory;
    const std::string path = directory.file("orders.db");
    const std::string copy = directory.file("copy.db");
    {
        const auto storage = open_storage(path);
        const auto intake = storage->open_intake();
        (void)storage->back_up(copy);
    }
    CHECK(mode_of(copy) == incremental);
    const std::string restored = directory.file("restored.db");
    (void)open_storage(restored)->restore(copy);
    CHECK(mode_of(restored) == incremental);
}

}  // namespace orders::sqlite
