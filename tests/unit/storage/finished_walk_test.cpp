#include "shared/storage/sqlite/finished_walk.h"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "shared/storage/sqlite/sqlite_storage.h"
#include "tests/support/manual_clock.h"
#include "tests/support/order_builder.h"
#include "tests/support/temp_dir.h"
#include "tests/support/vm_steps.h"
#include "tests/unit/storage/database_under_test.h"

namespace orders::sqlite {
namespace {

using namespace std::chrono_literals;
using test::an_order;

constexpr int more_than_a_step = static_cast<int>(FinishedWalk::deleted_per_step) * 3 / 2;
constexpr int more_than_a_look = static_cast<int>(FinishedWalk::rows_per_step) + 10;
constexpr auto keep = 60s;

// Orders, and a walk over those that are Processed.
struct WalkedStore {
    void submit(const std::string& name, int count) {
        std::vector<NewOrder> orders;
        for (int number = 0; number < count; ++number) {
            orders.push_back(an_order(name + std::to_string(number)));
        }
        (void)intake->begin()->commit({.creates = {orders}});
    }
    // Come and are finished now.
    void finish(const std::string& name, int count, const ProcessingResult& result = Completed{}) {
        submit(name, count);
        const WorkerId id = worker->enlist({.name = name, .host = "h", .threads = 1}, 1h);
        const auto claimed = worker->take_turn(
            {.worker = id, .lease_time = 1h, .claim = {.limit = static_cast<std::size_t>(count)}});
        WorkerTurn turn;
        for (const ClaimedOrder& order : claimed.claimed) {
            turn.settlements.push_back({order.lease, result});
        }
        (void)worker->take_turn(turn);
    }

    Swept step() { return walk.step(clock.now().utc, keep); }
    std::size_t finish_round() {
        std::size_t deleted = 0;
        for (bool has_more = true; has_more;) {
            const Swept swept = step();
            deleted += swept.deleted;
            has_more = swept.has_more;
        }
        return deleted;
    }
    // About how many rows the walk has looked at since it was last asked: as steps of SQLite's
    // virtual machine, of which a row takes several.
    int looked_at() { return test::vm_steps_since_last_call(access.connection().handle()); }

    test::TempDir directory;
    std::string path = directory.file("orders.db");
    test::ManualClock clock;
    std::unique_ptr<Storage> storage = open_storage(path, clock);
    std::unique_ptr<IntakeStore> intake = storage->open_intake();
    std::unique_ptr<WorkerStore> worker = storage->open_worker();
    WriteAccess access{path, clock};
    FinishedWalk walk{access, StoredStatus::processed};
};

}  // namespace

TEST_CASE("finished_walk: a step deletes no more than its bound, and the next goes on") {
    WalkedStore store;
    store.finish("old", more_than_a_step);
    store.submit("last", 1);
    store.clock.advance(61s);
    Swept swept = store.step();
    CHECK(swept.deleted == FinishedWalk::deleted_per_step);
    CHECK(swept.has_more);
    swept = store.step();
    CHECK(swept.deleted == more_than_a_step - FinishedWalk::deleted_per_step);
    CHECK_FALSE(swept.has_more);
}

TEST_CASE("finished_walk: a step passes no more rows than its bound") {
    WalkedStore store;
    store.submit("waiting", more_than_a_look);
    store.clock.advance(61s);
    Swept swept = store.step();
    CHECK(swept.deleted == 0);
    CHECK(swept.has_more);
    swept = store.step();
    CHECK(swept.deleted == 0);
    CHECK_FALSE(swept.has_more);
}

TEST_CASE("finished_walk: a round ends at the first order that is too young") {
    WalkedStore store;
    store.finish("old", 1);
    store.clock.advance(61s);
    store.submit("young", more_than_a_look);
    const Swept swept = store.step();
    CHECK(swept.deleted == 1);
    CHECK_FALSE(swept.has_more);
}

TEST_CASE("finished_walk: what can never match any more is passed once") {
    WalkedStore store;
    store.finish("other", 5'000, Failure{"timeout"});
    store.finish("old", more_than_a_step);
    store.submit("last", 1);
    store.clock.advance(61s);
    (void)store.looked_at();
    CHECK(store.finish_round() == more_than_a_step);
    CHECK(store.looked_at() > 5'000);
    CHECK(store.finish_round() == 0);
    CHECK(store.looked_at() < 1'000);

    // And what comes later is found.
    store.finish("new", 10);  // the one that was last before is due first, and one of these waits
    store.clock.advance(61s);
    CHECK(store.finish_round() == 10);
}

TEST_CASE("finished_walk: nothing is written if nothing is old") {
    WalkedStore store;
    store.finish("young", 10);
    Connection other(store.path, Connection::Access::read_only);
    const auto version = number(other, "PRAGMA data_version");
    for (int round = 0; round < 5; ++round) CHECK(store.finish_round() == 0);
    CHECK(number(other, "PRAGMA data_version") == version);
}

TEST_CASE("finished_walk: the order that was submitted last stays, however old it is") {
    WalkedStore store;
    store.finish("old", 10);
    store.clock.advance(1h);
    CHECK(store.finish_round() == 9);
    Connection other(store.path, Connection::Access::read_only);
    const auto version = number(other, "PRAGMA data_version");
    for (int round = 0; round < 5; ++round) CHECK(store.finish_round() == 0);
    CHECK(number(other, "PRAGMA data_version") == version);  // and nothing is written for it
    CHECK(number(other, "SELECT count(*) FROM orders") == 1);
}

TEST_CASE("finished_walk: an error leaves it at its place, with nothing of the step deleted") {
    WalkedStore store;
    store.finish("old", more_than_a_step);
    store.submit("last", 1);
    store.clock.advance(61s);
    Connection other(store.path, Connection::Access::read_write);
    CHECK(store.step().has_more);
    other.execute(
        "CREATE TRIGGER t BEFORE DELETE ON orders WHEN old.order_id = 'old310'"
        " BEGIN SELECT RAISE(ABORT, 'the test does not want it'); END");
    CHECK_THROWS_AS((void)store.step(), std::logic_error);
    CHECK(number(other, "SELECT count(*) FROM orders") ==
          more_than_a_step + 1 - static_cast<int>(FinishedWalk::deleted_per_step));

    other.execute("DROP TRIGGER t");
    CHECK(store.finish_round() == more_than_a_step - FinishedWalk::deleted_per_step);
    CHECK(store.storage->verify().findings == 0);
}

TEST_CASE("finished_walk: only orders that have ended can be walked over") {
    WalkedStore store;
    CHECK_THROWS_AS(FinishedWalk(store.access, StoredStatus::queued), std::logic_error);
    CHECK_THROWS_AS(FinishedWalk(store.access, StoredStatus::processing), std::logic_error);
}

}  // namespace orders::sqlite
