// Nothing is acknowledged once the store at the path is another one than that which is open.

#include "shared/storage/sqlite/store_watch.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shared/storage/sqlite/sqlite_storage.h"
#include "tests/support/eventually.h"
#include "tests/support/order_builder.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/storage/database_under_test.h"

namespace orders::sqlite {
namespace {

using test::an_order;
using test::TempDir;
namespace fs = std::filesystem;

// The kind of error that it fails with; empty if it does not.
std::optional<StoreError::Kind> failure_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const StoreError& error) {
        CHECK(error.is_fatal());
        return error.kind();
    }
    return std::nullopt;
}

class OpenStore {
   protected:
    void submit(const std::string& id) const {
        const std::vector<NewOrder> orders{an_order(id)};
        (void)intake_->begin()->commit({.creates = {orders}});
    }

    const TempDir directory_;
    const std::string home_ = directory_.file("home");
    const std::string path_ = home_ + "/orders.db";
    const bool is_made_ = fs::create_directory(home_);
    const std::unique_ptr<Storage> storage_ = open_storage(path_);
    const std::unique_ptr<IntakeStore> intake_ = storage_->open_intake();
    const std::unique_ptr<WorkerStore> worker_ = storage_->open_worker();
};

}  // namespace

TEST_CASE_FIXTURE(OpenStore, "store_watch: a store whose files are replaced acknowledges nothing") {
    submit("a");
    const std::string copy = directory_.file("copy.db");
    (void)storage_->back_up(copy);
    SUBCASE("all of them removed") {
        for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(path_ + suffix);
    }
    SUBCASE("the database removed") {
        fs::remove(path_);
    }
    SUBCASE("the log removed") {
        fs::remove(path_ + "-wal");
    }
    SUBCASE("the database renamed") {
        fs::rename(path_, path_ + ".old");
    }
    SUBCASE("another one moved over it") {
        fs::rename(copy, path_);
    }
    SUBCASE("another one copied over it") {
        fs::copy_file(copy, path_, fs::copy_options::overwrite_existing);
    }
    SUBCASE("another one, with a log, copied over it") {
        { const auto opened = open_storage(copy)->open_intake(); }
        fs::copy_file(copy, path_, fs::copy_options::overwrite_existing);
    }
    SUBCASE("emptied") {
        fs::resize_file(path_, 0);
    }
    SUBCASE("the directory moved away") {
        fs::rename(home_, home_ + ".old");
    }
    SUBCASE("the directory swapped") {
        fs::rename(home_, home_ + ".old");
        fs::create_directory(home_);
        fs::copy_file(copy, path_);
    }
    using Kind = StoreError::Kind;
    CHECK(failure_of([&] { submit("b"); }) == Kind::replaced);
    CHECK(failure_of([&] { intake_->require_in_place(); }) == Kind::replaced);
    CHECK(failure_of([&] { (void)worker_->has_claimable({ClaimShare{}}); }) == Kind::replaced);
    CHECK(failure_of([&] { (void)worker_->take_turn({.is_heartbeat = true}); }) == Kind::replaced);
}

TEST_CASE_FIXTURE(OpenStore, "store_watch: a companion that is replaced is noticed, too") {
    std::string companion;
    SUBCASE("presence") {
        companion = ".presence";
    }
    SUBCASE("turnstile") {
        companion = ".turnstile-b";
    }
    SUBCASE("index of the log") {
        companion = "-shm";
    }
    fs::remove(path_ + companion);
    std::ofstream(path_ + companion) << "";
    test::eventually(test::patience, [&] {
        return failure_of([&] { intake_->require_in_place(); }) == StoreError::Kind::replaced;
    });
}

TEST_CASE_FIXTURE(OpenStore, "store_watch: a reader that is opened later is of the same store") {
    const auto before = storage_->open_reader();
    const std::string copy = directory_.file("copy.db");
    (void)storage_->back_up(copy);
    fs::rename(copy, path_);
    CHECK(failure_of([&] { (void)storage_->open_reader(); }) == StoreError::Kind::replaced);
}

TEST_CASE_FIXTURE(OpenStore, "store_watch: what the store's own programs do to it is no change") {
    submit("a");
    Connection other(path_, Connection::Access::read_write);
    for (const char* id : {"b", "c", "d"}) {
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)");
        submit(id);
        intake_->require_in_place();
        (void)worker_->has_claimable({ClaimShare{}});
    }
    const auto second = open_storage(path_)->open_intake();
    second->require_in_place();
    CHECK(storage_->open_reader()->report().total().pending == 4);
}

}  // namespace orders::sqlite
