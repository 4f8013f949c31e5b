// A store whose orders were deleted becomes small again, while others go on with it.

#include "shared/storage/sqlite/spare_pages.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "shared/storage/sqlite/sqlite_storage.h"
#include "shared/storage/sqlite/write_access.h"
#include "tests/support/manual_clock.h"
#include "tests/support/order_builder.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/storage/database_under_test.h"

namespace orders::sqlite {
namespace {

using test::TempDir;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr std::int64_t page = 4'096;
// As often as it is called, and as if the store had been quiet for long enough.
constexpr TidyPace at_once{
    .spare_pages = {.between_looks = 0ms, .between_portions = 0ms, .smallest_file_pages = 8},
    .log_at_rest = {.between_looks = 0ms, .quiet = 0ms}};

// A store of thirty thousand finished orders, which another program has open, too.
class SweptStore {
   protected:
    SweptStore() {
        connection_.execute(
            "BEGIN; INSERT INTO workers (id, name, host, threads, started_at, boot_id)"
            " VALUES (1, 'w', 'h', 1, 0, 'b');"
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)"
            " INSERT INTO orders (order_id, priority, processing_time, created_at, status,"
            " attempts, lease_token, started_at, finished_at, worker)"
            " SELECT printf('%d-%d', i * 7919 % 30011, i), 0, 1, 0, 2, 1, 1, 5, 6, 1 FROM n;"
            "UPDATE order_counts SET orders = 30000 WHERE priority = 0 AND status = 2; COMMIT");
    }

    void erase_all_but_the_newest() {
        connection_.execute(
            "BEGIN; DELETE FROM orders WHERE seq <= 29900;"
            "UPDATE order_counts SET orders = 100 WHERE priority = 0 AND status = 2; COMMIT");
    }
    [[nodiscard]] std::int64_t pages() { return number(connection_, "PRAGMA page_count"); }
    [[nodiscard]] std::int64_t held_pages() {
        return pages() - number(connection_, "PRAGMA freelist_count");
    }
    [[nodiscard]] std::int64_t file_size() const {
        return static_cast<std::int64_t>(fs::file_size(path_));
    }
    [[nodiscard]] std::int64_t log_size() const {
        return static_cast<std::int64_t>(fs::file_size(path_ + "-wal"));
    }
    // Until nothing is left to be done. Returns how many calls that took.
    int tidy(WriteAccess& access) {
        for (int calls = 1; calls < 100'000; ++calls) {
            const std::int64_t before = pages();
            access.tidy();
            if (pages() == before) return calls;
        }
        FAIL("tidying does not end");
        return 0;
    }

    test::ManualClock clock_;
    const TempDir directory_;
    const std::string path_ = directory_.file("orders.db");
    const std::unique_ptr<Storage> other_ = open_storage(path_);
    const std::unique_ptr<IntakeStore> intake_ = other_->open_intake();
    Connection connection_{path_, Connection::Access::read_write};
};

}  // namespace

TEST_CASE_FIXTURE(SweptStore, "spare_pages: a swept store shrinks to twice what it holds") {
    WriteAccess access(path_, clock_, at_once);
    tidy(access);
    const std::int64_t full_size = file_size();
    erase_all_but_the_newest();
    tidy(access);
    access.tidy();
    CHECK(pages() <= 2 * held_pages());
    CHECK(file_size() == pages() * page);
    CHECK(file_size() < full_size / 4);
    CHECK(other_->verify().findings == 0);
}

TEST_CASE_FIXTURE(SweptStore, "spare_pages: a portion ends in time, however much there is to do") {
    TidyPace pace = at_once;
    pace.spare_pages.portion = std::chrono::microseconds{0};
    WriteAccess access(path_, clock_, pace);
    erase_all_but_the_newest();
    const std::int64_t before = pages();
    access.tidy();
    CHECK(pages() < before);
    CHECK(pages() >= before - 2);  // one page, and perhaps one of SQLite's map
    CHECK(tidy(access) > 10);
    CHECK(pages() <= 2 * held_pages());
    CHECK(other_->verify().findings == 0);
}

TEST_CASE_FIXTURE(SweptStore, "spare_pages: a file stays as it is while half of it is in use") {
    WriteAccess access(path_, clock_, at_once);
    connection_.execute("DELETE FROM orders WHERE seq <= 12000");
    const std::int64_t before = pages();
    tidy(access);
    CHECK(pages() == before);
}

TEST_CASE_FIXTURE(SweptStore, "spare_pages: a small file stays as it is") {
    TidyPace pace = at_once;
    pace.spare_pages.smallest_file_pages = pages();
    WriteAccess access(path_, clock_, pace);
    erase_all_but_the_newest();
    const std::int64_t before = pages();
    tidy(access);
    CHECK(pages() == before);
}

TEST_CASE_FIXTURE(SweptStore, "spare_pages: between two portions there is a pause") {
    TidyPace pace = at_once;
    pace.spare_pages.portion = std::chrono::microseconds{0};
    pace.spare_pages.between_portions = 1h;
    WriteAccess access(path_, clock_, pace);
    erase_all_but_the_newest();
    access.tidy();
    const std::int64_t after_one = pages();
    access.tidy();
    CHECK(pages() == after_one);
}

TEST_CASE_FIXTURE(SweptStore, "spare_pages: a program beside the one that shrinks goes on") {
    WriteAccess access(path_, clock_, at_once);
    intake_->require_in_place();
    erase_all_but_the_newest();
    for (int calls = 0; calls < 20; ++calls) {
        access.tidy();
        intake_->require_in_place();
        const std::vector<NewOrder> orders{test::an_order("beside-" + std::to_string(calls))};
        (void)intake_->begin()->commit({.creates = {orders}});
    }
    tidy(access);
    access.tidy();
    intake_->require_in_place();
    CHECK(pages() <= 2 * held_pages());
    CHECK(other_->open_reader()->report().total().pending == 20);
    CHECK(other_->verify().findings == 0);
}

TEST_CASE_FIXTURE(SweptStore, "log_at_rest: once the store is quiet, the log is one page long") {
    WriteAccess access(path_, clock_, at_once);
    CHECK(log_size() > LogAtRest::short_log_bytes);
    access.tidy();
    CHECK(log_size() < 2 * page);
    intake_->require_in_place();
}

TEST_CASE_FIXTURE(SweptStore, "log_at_rest: a log stays as it is until the store is quiet") {
    TidyPace pace = at_once;
    pace.log_at_rest.quiet = 1h;
    WriteAccess access(path_, clock_, pace);
    const std::int64_t before = log_size();
    access.tidy();
    CHECK(log_size() == before);
}

TEST_CASE_FIXTURE(SweptStore, "log_at_rest: a reader in the way keeps the log, and nothing fails") {
    WriteAccess access(path_, clock_, at_once);
    {
        Connection reader(path_, Connection::Access::read_only);
        Statement query(reader, "SELECT count(*) FROM order_counts");
        Cursor rows = query.query();
        REQUIRE(rows.next());
        connection_.execute("UPDATE write_probe SET written_at = written_at + 1");
        access.tidy();
        CHECK(log_size() > LogAtRest::short_log_bytes);
    }
    access.tidy();
    CHECK(log_size() < 2 * page);
}

TEST_CASE_FIXTURE(SweptStore, "log_at_rest: a short log is left alone") {
    WriteAccess access(path_, clock_, at_once);
    access.tidy();
    connection_.execute("UPDATE write_probe SET written_at = written_at + 1");
    const std::int64_t before = log_size();
    access.tidy();
    CHECK(log_size() >= before);
}

}  // namespace orders::sqlite
