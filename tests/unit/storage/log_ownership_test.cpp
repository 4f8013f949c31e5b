// A log that was left over never gets into another file, and one that belongs is never lost.

#include "shared/storage/sqlite/log_ownership.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "shared/storage/sqlite/migrations.h"
#include "shared/storage/sqlite/sqlite_storage.h"
#include "tests/support/file_contents.h"
#include "tests/support/order_builder.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/storage/database_under_test.h"

namespace orders::sqlite {
namespace {

using test::an_order;
using test::TempDir;
namespace fs = std::filesystem;

constexpr auto overwrite = fs::copy_options::overwrite_existing;

class LeftOver {
   protected:
    // The file and its log, as a kill at this moment would leave them.
    void kill_into(const std::string& path) const {
        fs::copy_file(live_, path, overwrite);
        fs::copy_file(live_ + "-wal", path + "-wal", overwrite);
    }
    void submit(IntakeStore& intake, const std::string& id) const {
        const std::vector<NewOrder> orders{an_order(id)};
        (void)intake.begin()->commit({.creates = {orders}});
    }
    // How many orders are in the store that is found when a program starts.
    [[nodiscard]] std::int64_t orders_found() const {
        const auto storage = open_storage(path_);
        const auto intake = storage->open_intake();
        CHECK(storage->verify().findings == 0);
        return storage->open_reader()->report().total().pending;
    }
    [[nodiscard]] std::size_t logs_set_aside() const {
        std::size_t count = 0;
        for (const auto& entry : fs::directory_iterator(directory_.path())) {
            if (entry.path().filename().string().starts_with("killed.db-wal.stale-")) ++count;
        }
        return count;
    }

    const TempDir directory_;
    const std::string live_ = directory_.file("live.db");
    const std::string path_ = directory_.file("killed.db");
};

TEST_CASE_FIXTURE(LeftOver, "log_ownership: a log that belongs to the file is replayed") {
    const auto intake = open_storage(live_)->open_intake();
    submit(*intake, "a");
    submit(*intake, "b");
    kill_into(path_);
    CHECK_FALSE(has_foreign_log(path_));
    CHECK(orders_found() == 2);
    CHECK(logs_set_aside() == 0);
}

TEST_CASE_FIXTURE(LeftOver,
                  "log_ownership: the log of a store from before identities is replayed") {
    Connection old(live_, Connection::Access::read_write);
    migrate(old, {embedded_migrations().front()});
    SUBCASE("with nothing of it in the file") {}
    SUBCASE("with some of it in the file") {
        old.execute("PRAGMA wal_checkpoint(RESTART)");
    }
    old.execute(
        "INSERT INTO orders (order_id, priority, processing_time, created_at)"
        " VALUES ('a', 0, 1, 0); UPDATE order_counts SET orders = 1"
        " WHERE priority = 0 AND status = 0");
    kill_into(path_);
    CHECK(orders_found() == 1);
    CHECK(logs_set_aside() == 0);
}

TEST_CASE_FIXTURE(LeftOver, "log_ownership: the first log of a new store belongs to it") {
    Connection fresh(live_, Connection::Access::read_write);
    migrate(fresh, embedded_migrations());
    SUBCASE("before it has a generation") {}
    SUBCASE("once it has one") {
        fresh.execute("UPDATE store SET generation = lower(hex(randomblob(16)))");
    }
    kill_into(path_);
    CHECK_FALSE(has_foreign_log(path_));
    CHECK(orders_found() == 0);
    CHECK(logs_set_aside() == 0);
}

// As it is if a reader has been in the way at every start: then the generation is put back.
TEST_CASE_FIXTURE(LeftOver, "log_ownership: a store that never got a generation keeps its log") {
    (void)open_storage(live_)->open_intake();
    Connection connection(live_, Connection::Access::read_write);
    connection.execute(
        "UPDATE store SET generation = ''; PRAGMA wal_checkpoint(TRUNCATE);"
        "UPDATE store SET generation = lower(hex(randomblob(16)));"
        "UPDATE store SET generation = '';"
        "INSERT INTO orders (order_id, priority, processing_time, created_at)"
        " VALUES ('a', 0, 1, 0);"
        "UPDATE order_counts SET orders = 1 WHERE priority = 0 AND status = 0");
    kill_into(path_);
    CHECK(orders_found() == 1);
    CHECK(logs_set_aside() == 0);
}

TEST_CASE_FIXTURE(LeftOver, "log_ownership: a generation that was only begun leaves nothing") {
    (void)open_storage(live_)->open_intake();
    Connection connection(live_, Connection::Access::read_write);
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    connection.execute("UPDATE store SET generation = lower(hex(randomblob(16)))");
    kill_into(path_);
    CHECK(has_foreign_log(path_));
    CHECK(orders_found() == 0);
    CHECK(logs_set_aside() == 0);
}

TEST_CASE_FIXTURE(LeftOver, "log_ownership: what was set aside before is kept") {
    for (int times = 1; times <= 3; ++times) {
        std::ofstream(path_ + "-wal") << "the log of a file that is gone";
        set_aside_foreign_log(path_);
        CHECK(logs_set_aside() == static_cast<std::size_t>(times));
    }
}

TEST_CASE_FIXTURE(LeftOver, "log_ownership: a checkpoint that was cut off keeps its log") {
    constexpr std::size_t page = 4'096;
    const auto intake = open_storage(live_)->open_intake();
    std::vector<NewOrder> orders;
    for (int i = 0; i < 500; ++i) orders.push_back(an_order("order-" + std::to_string(i)));
    (void)intake->begin()->commit({.creates = {orders}});
    kill_into(path_);
    const std::string before = test::contents_of(live_);
    Connection(live_, Connection::Access::read_write).execute("PRAGMA wal_checkpoint(PASSIVE)");
    const std::string after = test::contents_of(live_);
    REQUIRE(after.size() > before.size());
    for (std::size_t copied = page; copied < after.size(); copied += page) {
        CAPTURE(copied);
        std::string cut_off = after.substr(0, copied);
        if (copied < before.size()) cut_off += before.substr(copied);
        std::ofstream(path_, std::ios::binary) << cut_off;
        CHECK_FALSE(has_foreign_log(path_));
    }
    CHECK(orders_found() == 500);
    CHECK(logs_set_aside() == 0);
}

TEST_CASE_FIXTURE(LeftOver,
                  "log_ownership: a backup that is put back beside a log is what is opened") {
    const auto storage = open_storage(live_);
    const auto intake = storage->open_intake();
    submit(*intake, "a");
    (void)storage->back_up(directory_.file("copy.db"));
    submit(*intake, "b");
    kill_into(path_);
    fs::copy_file(directory_.file("copy.db"), path_, overwrite);
    CHECK_THROWS_AS((void)open_storage(path_)->verify(), StoreError);
    CHECK_THROWS_AS((void)open_storage(path_)->back_up(directory_.file("second.db")), StoreError);
    CHECK_THROWS_AS((void)open_storage(path_)->open_reader(), StoreError);
    CHECK(orders_found() == 1);
    CHECK(logs_set_aside() == 1);
}

TEST_CASE_FIXTURE(LeftOver, "log_ownership: a backup does not take the log of an older version") {
    Connection old(live_, Connection::Access::read_write);
    migrate(old, {embedded_migrations().front()});
    old.execute("UPDATE write_probe SET written_at = 5");
    kill_into(path_);
    (void)open_storage(live_)->back_up(directory_.file("copy.db"));
    old.execute("UPDATE write_probe SET written_at = 6");
    fs::copy_file(directory_.file("copy.db"), path_, overwrite);
    CHECK(orders_found() == 0);
    CHECK(logs_set_aside() == 1);
}

TEST_CASE_FIXTURE(LeftOver, "log_ownership: a file of an earlier generation has no later log") {
    { const auto intake = open_storage(live_)->open_intake(); }
    const std::string cold = directory_.file("cold.db");
    fs::copy_file(live_, cold);
    const auto intake = open_storage(live_)->open_intake();
    submit(*intake, "a");
    kill_into(path_);
    fs::copy_file(cold, path_, overwrite);
    CHECK(has_foreign_log(path_));
    CHECK(orders_found() == 0);
    CHECK(logs_set_aside() == 1);
}

TEST_CASE_FIXTURE(LeftOver,
                  "log_ownership: a file of an older version has no log with an identity") {
    {
        Connection old(path_, Connection::Access::read_write);
        migrate(old, {embedded_migrations().front()});
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    const auto intake = open_storage(live_)->open_intake();
    submit(*intake, "a");
    fs::copy_file(live_ + "-wal", path_ + "-wal", overwrite);
    CHECK(has_foreign_log(path_));
    CHECK(orders_found() == 0);
    CHECK(logs_set_aside() == 1);
}

TEST_CASE_FIXTURE(LeftOver, "log_ownership: the log of a file that is gone is kept") {
    const auto intake = open_storage(live_)->open_intake();
    submit(*intake, "a");
    kill_into(path_);
    SUBCASE("removed") {
        fs::remove(path_);
    }
    SUBCASE("emptied") {
        fs::resize_file(path_, 0);
    }
    CHECK(orders_found() == 0);
    CHECK(logs_set_aside() == 1);
}

}  // namespace
}  // namespace orders::sqlite
