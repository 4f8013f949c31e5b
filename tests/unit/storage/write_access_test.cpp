#include "shared/storage/sqlite/write_access.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <string>

#include "tests/support/temp_dir.h"
#include "tests/unit/storage/database_under_test.h"

namespace orders::sqlite {
namespace {

constexpr Sql insert_an_order =
    "INSERT INTO orders (order_id, priority, processing_time, created_at) VALUES ('a', 0, 1, 0)";

struct OpenDatabase {
    std::int64_t pending() {
        return number(access.connection(),
                      "SELECT orders FROM order_counts WHERE priority = 0 AND status = 0");
    }
    bool has_rung() {
        pollfd source{watch.fd(), POLLIN, 0};
        const bool is_readable = ::poll(&source, 1, 0) == 1;
        watch.clear();
        return is_readable;
    }

    test::TempDir directory;
    std::string path = directory.file("orders.db");
    WriteAccess access{path};
    DoorbellWatch watch{path};
};

}  // namespace

TEST_CASE("write_access: what was not committed never was") {
    OpenDatabase database;
    {
        WriteTransaction work(database.access);
        database.access.connection().execute(insert_an_order);
        work.note_created(Priority::high);
    }
    CHECK(number(database.access.connection(), "SELECT count(*) FROM orders") == 0);
    CHECK(database.pending() == 0);
    CHECK_FALSE(database.has_rung());
}

TEST_CASE("write_access: a commit stores the rows with their counts, and rings") {
    OpenDatabase database;
    WriteTransaction work(database.access);
    database.access.connection().execute(insert_an_order);
    work.note_created(Priority::high);
    CHECK(database.pending() == 0);
    CHECK_FALSE(database.has_rung());
    work.commit();
    CHECK(database.pending() == 1);
    CHECK(database.has_rung());
}

TEST_CASE("write_access: once committed, others may write, though the transaction still exists") {
    OpenDatabase database;
    WriteTransaction work(database.access);
    database.access.connection().execute(insert_an_order);
    work.note_created(Priority::high);
    work.commit();
    WriteAccess other(database.path);
    WriteTransaction next(other);
    next.commit();
}

TEST_CASE("write_access: it rings only for what can be claimed") {
    OpenDatabase database;
    const auto rings_after = [&](auto change) {
        WriteTransaction work(database.access);
        work.note_created(Priority::high);
        work.commit();
        CHECK(database.has_rung());
        WriteTransaction changed(database.access);
        change(changed);
        changed.commit();
        return database.has_rung();
    };
    using enum OrderStatus;
    CHECK_FALSE(
        rings_after([](auto& work) { work.note_moved(Priority::high, pending, processing); }));
    CHECK(rings_after([](auto& work) { work.note_moved(Priority::high, processing, pending); }));
    CHECK_FALSE(rings_after([](auto& work) {
        work.note_moved(Priority::high, pending, processing);
        work.note_moved(Priority::high, processing, processed);
    }));
    CHECK_FALSE(rings_after([](auto& work) { work.note_deleted(Priority::high, processed); }));
}

}  // namespace orders::sqlite
