// What the SQLite backend does beyond the contract of tests/store_contract: boots of the machine,
// and turns that fail in the middle. How it tells which workers live is in signs_of_life_test.cpp.

#include "shared/storage/sqlite/sqlite_storage.h"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/migrations.h"
#include "shared/storage/sqlite/presence_file.h"
#include "shared/storage/sqlite/turnstile.h"
#include "tests/support/manual_clock.h"
#include "tests/support/order_builder.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/storage/database_under_test.h"

namespace orders::sqlite {
namespace {

using namespace std::chrono_literals;
using test::an_order;
using test::order_id;

struct OpenStore {
    std::vector<SubmitOutcome> submit(const std::vector<NewOrder>& orders) {
        return intake->begin()->commit({.creates = {orders}}).created;
    }
    WorkerOutcomes claim(const std::string& name, std::size_t limit) {
        const WorkerId id = worker->enlist({.name = name, .host = "h", .threads = 1}, 10s);
        return worker->take_turn(
            {.worker = id,
             .lease_time = 10s,
             .claim = {.limit = limit, .shares = {{.defaults = {.max_attempts = 1}}}}});
    }
    bool has_expired() { return housekeeping->look().has_expired_leases; }

    test::TempDir directory;
    std::string path = directory.file("orders.db");
    test::ManualClock clock;
    std::unique_ptr<Storage> storage = open_storage(path, clock);
    std::unique_ptr<IntakeStore> intake = storage->open_intake();
    std::unique_ptr<WorkerStore> worker = storage->open_worker();
    std::unique_ptr<HousekeepingStore> housekeeping = storage->open_housekeeping();
    std::unique_ptr<OrderReader> reader = storage->open_reader();
};

// What a store meets in the middle of its work, which ends its transaction.
constexpr Sql refuse_bad_orders =
    "CREATE TRIGGER t BEFORE INSERT ON orders WHEN new.order_id = 'bad'"
    " BEGIN SELECT RAISE(ABORT, 'the test does not want it'); END";

}  // namespace

TEST_CASE("sqlite_storage: a lease and a worker from another boot of the machine are over") {
    OpenStore store;
    (void)store.submit({an_order("a")});
    const Lease lease = store.claim("w", 1).claimed.at(0).lease;
    CHECK(store.reader->report().workers.size() == 1);
    CHECK_FALSE(store.has_expired());

    // All that ran is gone. The boot clock has not come as far as the lease's end.
    store.worker.reset();
    store.housekeeping.reset();
    store.clock.reboot("another-boot", 5s);
    store.worker = store.storage->open_worker();
    store.housekeeping = store.storage->open_housekeeping();
    CHECK(store.reader->report().workers.empty());
    CHECK(store.has_expired());
    const auto expired = store.housekeeping->take_turn({.take_back_limit = 10}).taken_back;
    REQUIRE(expired.size() == 1);
    CHECK(expired[0].order_id == order_id("a"));
    CHECK_FALSE(expired[0].failure);
    CHECK(store.reader->find(order_id("a")).value().status == OrderStatus::pending);
    CHECK(store.reader->find(order_id("a")).value().attempts == 0);  // it was not to blame
    CHECK(store.worker->take_turn({.settlements = {{lease, Completed{}}}}).settled.at(0) ==
          SettleOutcome::lease_lost);
    CHECK_FALSE(store.has_expired());
}

TEST_CASE("sqlite_storage: while one program has the store to itself, it is being made ready") {
    const test::TempDir directory;
    const std::string path = directory.file("orders.db");
    const auto storage = open_storage(path);
    { const auto intake = storage->open_intake(); }
    CHECK_FALSE(storage->is_being_migrated());
    PresenceFile presence(path);
    REQUIRE(presence.try_lock(0, PresenceFile::Hold::exclusive));
    CHECK(storage->is_being_migrated());
    REQUIRE(presence.try_lock(0, PresenceFile::Hold::shared));
    CHECK_FALSE(storage->is_being_migrated());
}

TEST_CASE("sqlite_storage: a reader of an older schema says so, and whether it is being migrated") {
    const test::TempDir directory;
    const std::string path = directory.file("orders.db");
    {
        Connection older(path, Connection::Access::read_write);
        migrate(older, {embedded_migrations().front()});
    }
    const auto storage = open_storage(path);
    const auto check_is_refused = [&] {
        try {
            (void)storage->open_reader();
            FAIL("it was opened");
        } catch (const StoreError& error) {
            const std::string what = error.what();
            CHECK_MESSAGE(what.find("older") != std::string::npos, what);
        }
    };
    CHECK_FALSE(storage->is_being_migrated());
    check_is_refused();
    {
        Turnstile turnstile(path);
        const Turnstile::Pass as_the_migrating = turnstile.enter();
        CHECK(storage->is_being_migrated());
        check_is_refused();
    }
    (void)storage->open_worker();
    CHECK_FALSE(storage->is_being_migrated());
    Turnstile turnstile(path);
    const Turnstile::Pass as_any_writer = turnstile.enter();
    CHECK_FALSE(storage->is_being_migrated());
    CHECK(storage->open_reader()->report().workers.empty());
}

TEST_CASE("sqlite_storage: a lease that was renewed since the machine started is good") {
    OpenStore store;
    store.clock.reboot("another-boot", 5s);
    (void)store.submit({an_order("a")});
    (void)store.claim("w", 1);
    CHECK_FALSE(store.has_expired());
    CHECK(store.reader->report().workers.size() == 1);
}

TEST_CASE("sqlite_storage: a group that fails in the middle leaves nothing, and ends its turn") {
    OpenStore store;
    Connection other(store.path, Connection::Access::read_write);
    other.execute(refuse_bad_orders);
    const std::vector<NewOrder> orders{an_order("a"), an_order("bad"), an_order("b")};
    const auto turn = store.intake->begin();
    CHECK_THROWS_AS((void)turn->commit({.creates = {orders}}), std::logic_error);
    CHECK_FALSE(store.reader->find(order_id("a")));

    // The failed turn still exists, and yet others may write, this store among them.
    const auto second = store.storage->open_intake();
    const std::vector<NewOrder> one{an_order("c")};
    CHECK(second->begin()->commit({.creates = {one}}).created.size() == 1);
    CHECK(store.submit({an_order("d")}).size() == 1);
    CHECK(store.reader->report().total().pending == 2);
    CHECK(store.storage->verify().orders.pending == 2);
}

TEST_CASE("sqlite_storage: a worker's turn that fails in the middle changes nothing") {
    OpenStore store;
    (void)store.submit({an_order("a"), an_order("b")});
    const auto claimed = store.claim("w", 2).claimed;
    Connection other(store.path, Connection::Access::read_write);
    other.execute(
        "CREATE TRIGGER t BEFORE UPDATE ON orders WHEN old.order_id = 'b'"
        " BEGIN SELECT RAISE(ABORT, 'the test does not want it'); END");
    const WorkerTurn turn{
        .settlements = {{claimed.at(0).lease, Completed{}}, {claimed.at(1).lease, Completed{}}}};
    CHECK_THROWS_AS((void)store.worker->take_turn(turn), std::logic_error);
    CHECK(store.reader->report().total().processing == 2);

    other.execute("DROP TRIGGER t");
    CHECK(store.worker->take_turn(turn).settled ==
          std::vector{SettleOutcome::settled, SettleOutcome::settled});
    CHECK(store.storage->verify().findings == 0);
}

TEST_CASE("sqlite_storage: every probe is written, and a look-up writes nothing") {
    OpenStore store;
    Connection other(store.path, Connection::Access::read_only);
    const auto version = [&] { return number(other, "PRAGMA data_version"); };  // of the content
    const std::vector<NewOrder> orders{an_order("a")};
    (void)store.submit(orders);
    auto before = version();

    // All in the same millisecond.
    for (int i = 0; i < 3; ++i) {
        SUBCASE("asked for") {
            (void)store.intake->begin()->commit({.is_probe = true});
        }
        SUBCASE("because nothing was created") {
            (void)store.submit(orders);
        }
        CHECK(version() != before);
        before = version();
    }
    (void)store.intake->begin()->commit({.look_ups = {orders}});
    CHECK(version() == before);
}

}  // namespace orders::sqlite
