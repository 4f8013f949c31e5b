#include "shared/storage/sqlite/write_access.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <string>

#include "tests/support/manual_clock.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/storage/database_under_test.h"

namespace orders::sqlite {
namespace {

constexpr Sql insert_an_order =
    "INSERT INTO orders (order_id, priority, processing_time, created_at) VALUES ('a', 0, 1, 0)";

struct OpenDatabase {
    std::int64_t pending() {
        return number(access.connection(),
                      "SELECT sum(orders) FROM order_counts WHERE priority = 0 AND status = 0");
    }
    static bool has_rung(DoorbellWatch& watch) {
        pollfd source{watch.fd(), POLLIN, 0};
        const bool is_readable = ::poll(&source, 1, 0) == 1;
        watch.clear();
        return is_readable;
    }
    bool has_rung() { return has_rung(work_watch); }
    std::int64_t in_bookkeeping(Sql sql) { return number(access.connection(), sql); }

    test::TempDir directory;
    std::string path = directory.file("orders.db");
    test::ManualClock clock;
    WriteAccess access{path, clock};
    DoorbellWatch work_watch{path, Bell::work};
    DoorbellWatch end_watch{path, Bell::ends};
};

constexpr CountedAs high_default{.kind = 0, .priority = Priority::high};

}  // namespace

TEST_CASE("write_access: what was not committed never was") {
    OpenDatabase database;
    {
        WriteTransaction work(database.access);
        database.access.connection().execute(insert_an_order);
        work.note_created(high_default, StoredStatus::queued);
    }
    CHECK(number(database.access.connection(), "SELECT count(*) FROM orders") == 0);
    CHECK(database.pending() == 0);
    CHECK_FALSE(database.has_rung());
}

TEST_CASE("write_access: a commit stores the rows with their counts, and rings") {
    OpenDatabase database;
    WriteTransaction work(database.access);
    database.access.connection().execute(insert_an_order);
    work.note_created(high_default, StoredStatus::queued);
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
    work.note_created(high_default, StoredStatus::queued);
    work.commit();
    WriteAccess other(database.path, database.clock);
    WriteTransaction next(other);
    next.commit();
}

TEST_CASE("write_access: it rings only for what can be claimed") {
    OpenDatabase database;
    const auto rings_after = [&](auto change) {
        WriteTransaction work(database.access);
        work.note_created(high_default, StoredStatus::queued);
        work.commit();
        CHECK(database.has_rung());
        WriteTransaction changed(database.access);
        change(changed);
        changed.commit();
        return database.has_rung();
    };
    using enum StoredStatus;
    CHECK_FALSE(rings_after([](auto& work) { work.note_moved(high_default, queued, processing); }));
    CHECK(rings_after([](auto& work) { work.note_moved(high_default, processing, queued); }));
    CHECK_FALSE(rings_after([](auto& work) {
        work.note_moved(high_default, queued, processing);
        work.note_moved(high_default, processing, processed);
    }));
    CHECK_FALSE(rings_after([](auto& work) { work.note_deleted(high_default, processed); }));
    CHECK_FALSE(rings_after([](auto& work) { work.note_created(high_default, waiting); }));
    CHECK(rings_after([](auto& work) { work.note_moved(high_default, waiting, queued); }));
    CHECK(rings_after([](auto& work) { work.note_claimable(); }));
}

TEST_CASE("write_access: the end bell rings for cancels in work, and for ends that are awaited") {
    OpenDatabase database;
    const auto rings_after = [&](StoredStatus from, StoredStatus to) {
        WriteTransaction work(database.access);
        work.note_created(high_default, from);
        work.note_moved(high_default, from, to);
        work.commit();
        return OpenDatabase::has_rung(database.end_watch);
    };
    using enum StoredStatus;
    CHECK(rings_after(processing, cancelled));
    CHECK(database.in_bookkeeping("SELECT cancels FROM bookkeeping") == 1);
    CHECK_FALSE(rings_after(queued, cancelled));
    CHECK_FALSE(rings_after(processing, processed));
    database.access.connection().execute(
        "UPDATE bookkeeping SET ends_awaited_until = 9000000000000");
    CHECK(rings_after(queued, cancelled));
    CHECK(rings_after(processing, processed));
    CHECK_FALSE(rings_after(processing, waiting));
    CHECK(database.in_bookkeeping("SELECT cancels FROM bookkeeping") == 1);
}

TEST_CASE("write_access: counters that were asked for early are right then, and in the end") {
    OpenDatabase database;
    WriteTransaction work(database.access);
    work.note_created(high_default, StoredStatus::queued);
    work.write_counts();
    CHECK(database.pending() == 1);
    work.note_created(high_default, StoredStatus::queued);
    work.commit();
    CHECK(database.pending() == 2);
}

TEST_CASE("write_access: each place is behind the last one, and behind the newest order") {
    OpenDatabase database;
    const auto take_two = [&] {
        WriteTransaction work(database.access);
        const std::int64_t first = work.take_place();
        CHECK(work.take_place() == first + 1);
        work.commit();
        return first;
    };
    const std::int64_t first = take_two();
    CHECK(take_two() == first + 2);
    database.access.connection().execute(insert_an_order);
    const std::int64_t behind_it = take_two();
    CHECK(behind_it == (std::int64_t{1} << 20) + 1);
    CHECK(take_two() == behind_it + 2);
    {
        WriteTransaction work(database.access);
        CHECK(work.take_place() == behind_it + 4);  // without a commit it was never given
    }
    CHECK(take_two() == behind_it + 4);
}

}  // namespace orders::sqlite
