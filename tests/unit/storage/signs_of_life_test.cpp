// Which workers count as alive, and what becomes of the orders of those that do not: on one
// machine, under one boot's id or several, and clocks that do not fit each other.

#include "shared/storage/sqlite/signs_of_life.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "shared/storage/sqlite/migrations.h"
#include "shared/storage/sqlite/sqlite_storage.h"
#include "tests/support/manual_clock.h"
#include "tests/support/order_builder.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/storage/database_under_test.h"

namespace orders::sqlite {
namespace {

using namespace std::chrono_literals;
using test::an_order;
using test::order_id;

constexpr std::chrono::milliseconds lease_time = 30s;

// A process with a worker in it, and the clock that it sees.
class Process {
   public:
    Process(const std::string& path, Moment now)
        : clock(std::move(now)), storage_(open_storage(path, clock)) {}

    void enlist(const std::string& name) {
        worker_ = store_->enlist({.name = name, .host = "h", .threads = 1}, lease_time);
    }
    std::size_t claim(std::size_t limit, int max_attempts) {
        return store_
            ->take_turn({.worker = worker_,
                         .lease_time = lease_time,
                         .claim = {.limit = limit,
                                   .shares = {{.defaults = {.max_attempts = max_attempts}}}}})
            .claimed.size();
    }
    // As the dispatcher's.
    void heartbeat(const std::vector<Lease>& renewals = {}) {
        const WorkerOutcomes outcomes = store_->take_turn({.worker = worker_,
                                                           .lease_time = lease_time,
                                                           .is_heartbeat = true,
                                                           .renewals = renewals});
        CHECK(outcomes.lost.empty());
    }
    // As the dispatcher's, which shows a sign of life before.
    std::vector<ExpiredOrder> take_back() {
        (void)store_->take_turn(
            {.worker = worker_, .lease_time = lease_time, .is_heartbeat = true});
        return housekeeping_->take_turn({.take_back_limit = 10}).taken_back;
    }
    bool has_expired() { return housekeeping_->look().has_expired_leases; }
    std::vector<std::string> live_workers() {
        std::vector<std::string> names;
        for (const auto& worker : reader_->report().workers) names.push_back(worker.name);
        return names;
    }
    Order find(const std::string& id) { return reader_->find(order_id(id)).value(); }
    void submit(const std::string& id) {
        const std::vector<NewOrder> orders{an_order(id)};
        (void)storage_->open_intake()->begin()->commit({.creates = {orders}});
    }
    // As a kill of the process; the reader is another's.
    void die() { store_.reset(); }

    test::ManualClock clock;

   private:
    std::unique_ptr<Storage> storage_;
    std::unique_ptr<WorkerStore> store_ = storage_->open_worker();
    std::unique_ptr<HousekeepingStore> housekeeping_ = storage_->open_housekeeping();
    std::unique_ptr<OrderReader> reader_ = storage_->open_reader();
    WorkerId worker_;
};

const Moment noon{UtcTime{1'795'348'800s}, 1000h, "a-boot"};

Moment under_other_boot_id() {
    Moment moment = noon;
    moment.boot_id = "another-boot";
    moment.since_boot = 3min;
    return moment;
}
Moment with_clock_ahead_by(std::chrono::milliseconds time) {
    Moment moment = noon;
    moment.since_boot += time;
    return moment;
}

// Two workers on one store, the first of which has claimed the only order.
struct TwoWorkers {
    TwoWorkers(const Moment& firsts, const Moment& seconds, int max_attempts = 3)
        : first(path, firsts), second(path, seconds) {
        first.submit("a");
        first.enlist("first");
        second.enlist("second");
        REQUIRE(first.claim(1, max_attempts) == 1);
    }

    // Time passes, in steps as between two looks, after each of which the second one looks. Returns
    // whether it has found something to take back.
    bool finds_something_within(std::chrono::milliseconds time) {
        constexpr std::chrono::milliseconds step = 250ms;
        for (auto passed = 0ms; passed < time; passed += step) {
            first.clock.advance(step);
            second.clock.advance(step);
            if (second.has_expired()) return true;
        }
        return false;
    }

    test::TempDir directory;
    std::string path = directory.file("orders.db");
    Process first;
    Process second;
};

using Names = std::vector<std::string>;

// Neither clock can be compared with the other.
const std::vector<Moment>& incomparable() {
    static const std::vector<Moment> moments{under_other_boot_id(), with_clock_ahead_by(100'000s),
                                             with_clock_ahead_by(-100'000s)};
    return moments;
}

TEST_CASE("signs_of_life: a worker that dies is dead at once, and what it held comes back") {
    TwoWorkers workers(noon, noon);
    CHECK_FALSE(workers.second.has_expired());
    CHECK(workers.second.live_workers() == Names{"first", "second"});
    workers.first.die();
    CHECK(workers.second.live_workers() == Names{"second"});
    CHECK(workers.second.has_expired());
    const auto expired = workers.second.take_back();
    REQUIRE(expired.size() == 1);
    CHECK(expired[0].worker == "first");
    CHECK(expired[0].attempts == 1);
    CHECK(workers.second.find("a").status == OrderStatus::pending);
    CHECK(workers.second.find("a").attempts == 1);
    CHECK_FALSE(workers.second.has_expired());
}

TEST_CASE("signs_of_life: an order whose worker dies with it on its last attempt has Failed") {
    TwoWorkers workers(noon, noon, 1);
    workers.first.die();
    const auto expired = workers.second.take_back();
    REQUIRE(expired.size() == 1);
    CHECK(expired[0].failure == "attempts_exhausted");
    CHECK(workers.second.find("a").failure == failure_reason::attempts_exhausted);
    CHECK(workers.second.find("a").worker == "first");
}

TEST_CASE("signs_of_life: workers whose clocks do not fit take nothing from each other") {
    for (const Moment& seconds : incomparable()) {
        CAPTURE(seconds.boot_id);
        CAPTURE(seconds.since_boot.count());
        TwoWorkers workers(noon, seconds);
        for (int i = 0; i < 10; ++i) {
            CHECK_FALSE(workers.finds_something_within(lease_time / 2));
            CHECK(workers.second.take_back().empty());
            workers.first.heartbeat({{.order = {1}, .token = 1}});
            CHECK(workers.first.live_workers() == Names{"first", "second"});
            CHECK(workers.second.live_workers() == Names{"first", "second"});
        }
        CHECK(workers.second.find("a").attempts == 1);
    }
}

TEST_CASE("signs_of_life: a worker that hangs under another clock loses its orders, charged") {
    for (const Moment& seconds : incomparable()) {
        CAPTURE(seconds.boot_id);
        TwoWorkers workers(noon, seconds);
        CHECK_FALSE(workers.second.has_expired());
        CHECK_FALSE(workers.finds_something_within(lease_time - 250ms));
        CHECK(workers.finds_something_within(1s));
        const auto expired = workers.second.take_back();
        REQUIRE(expired.size() == 1);
        CHECK(expired[0].attempts == 1);
        CHECK(workers.second.find("a").attempts == 1);
        // It is still there: nothing is left to take, and nothing is done again and again.
        CHECK_FALSE(workers.second.has_expired());
    }
}

TEST_CASE("signs_of_life: time in which nobody looked is no silence of others") {
    TwoWorkers workers(noon, under_other_boot_id());
    CHECK_FALSE(workers.second.has_expired());
    workers.second.clock.advance(24h);  // as if it, or the whole machine, had slept
    CHECK_FALSE(workers.second.has_expired());
    CHECK(workers.second.take_back().empty());
}

TEST_CASE("signs_of_life: an attempt that a restart of the machine ended is not charged") {
    TwoWorkers workers(noon, noon);
    workers.first.die();
    workers.second.die();
    Process later(workers.path, under_other_boot_id());
    CHECK(later.has_expired());
    later.enlist("later");
    const auto expired = later.take_back();
    REQUIRE(expired.size() == 1);
    CHECK(expired[0].attempts == 0);
    CHECK_FALSE(expired[0].failure);
    CHECK(later.find("a").status == OrderStatus::pending);
    CHECK(later.find("a").attempts == 0);
    CHECK(later.live_workers() == Names{"later"});
}

TEST_CASE("signs_of_life: a death that was witnessed is charged, whatever the boot's id") {
    TwoWorkers workers(noon, under_other_boot_id());
    CHECK_FALSE(workers.second.has_expired());  // it has seen the other one
    workers.first.die();
    CHECK(workers.second.has_expired());
    const auto expired = workers.second.take_back();
    REQUIRE(expired.size() == 1);
    CHECK(expired[0].attempts == 1);
    CHECK(workers.second.find("a").attempts == 1);
}

TEST_CASE("signs_of_life: a worker of 0.1.0, which locks nothing, is judged by its lease") {
    TwoWorkers workers(noon, noon);
    Connection connection(workers.path, Connection::Access::read_write);
    connection.execute("UPDATE workers SET holds_lock = 0 WHERE name = 'first'");
    workers.first.die();  // or not: nobody can tell
    CHECK(workers.second.live_workers() == Names{"first", "second"});
    CHECK_FALSE(workers.second.has_expired());
    CHECK(workers.second.take_back().empty());
    SUBCASE("until that runs out") {
        CHECK_FALSE(workers.finds_something_within(lease_time - 250ms));
        CHECK(workers.finds_something_within(250ms));
        CHECK(workers.second.take_back().at(0).attempts == 1);
        CHECK(number(connection, "SELECT count(heartbeat_until) FROM workers") == 1);
    }
    SUBCASE("until the machine is started again") {
        connection.execute("UPDATE workers SET boot_id = 'before' WHERE name = 'first'");
        CHECK(workers.second.live_workers() == Names{"second"});
        CHECK(workers.second.has_expired());
        CHECK(workers.second.take_back().at(0).attempts == 0);
    }
}

TEST_CASE("signs_of_life: a store of 0.1.0 is taken over with its workers and what they hold") {
    const test::TempDir directory;
    const std::string path = directory.file("orders.db");
    {
        Connection older(path, Connection::Access::read_write);
        migrate(older, {embedded_migrations().front()});
        older.execute(
            "INSERT INTO workers (name, host, threads, started_at, boot_id, heartbeat_until)"
            " VALUES ('old', 'h', 1, 0, 'a-boot', 3600010000), ('gone', 'h', 1, 0, 'a-boot', NULL);"
            "INSERT INTO orders (order_id, priority, processing_time, created_at, status, attempts,"
            " lease_token) VALUES ('a', 1, 1, 0, 1, 1, 1);"
            "INSERT INTO leases VALUES (1, 1, 0, 3600012000);"
            "UPDATE order_counts SET orders = 1 WHERE priority = 1 AND status = 1");
    }
    Process later(path, noon);  // ten seconds before its heartbeat is overdue
    later.enlist("later");
    CHECK(later.live_workers() == Names{"old", "later"});
    later.clock.advance(10s);
    later.heartbeat();
    CHECK(later.live_workers() == Names{"later"});
    CHECK_FALSE(later.has_expired());  // it was claimed after the last heartbeat
    later.clock.advance(2s);
    CHECK(later.has_expired());
    CHECK(later.take_back().at(0).attempts == 1);
    CHECK(later.find("a").status == OrderStatus::pending);
}

TEST_CASE("signs_of_life: dead workers are signed off by housekeeping, and by each start") {
    TwoWorkers workers(noon, noon);
    Connection connection(workers.path, Connection::Access::read_only);
    const auto enlisted = [&] {
        return number(connection, "SELECT count(heartbeat_until) FROM workers");
    };
    for (int i = 0; i < 10; ++i) {
        Process doomed(workers.path, noon);
        doomed.enlist("doomed-" + std::to_string(i));
        CHECK(enlisted() == 3);
        doomed.die();
    }
    (void)workers.second.take_back();
    CHECK(enlisted() == 2);
    // One that hangs is not: its process is there, and may go on.
    workers.second.clock.advance(lease_time);
    (void)workers.second.take_back();
    CHECK(enlisted() == 2);
    CHECK(workers.second.live_workers() == Names{"second"});
    workers.first.clock.advance(lease_time);
    workers.first.heartbeat();
    CHECK(workers.second.live_workers() == Names{"first", "second"});
}

TEST_CASE("signs_of_life: a worker that could not be stored leaves its id to the next one") {
    const test::TempDir directory;
    const std::string path = directory.file("orders.db");
    Process first(path, noon);
    Process second(path, noon);
    Connection connection(path, Connection::Access::read_write);
    // Refused in the commit, when its byte is locked already.
    connection.execute(
        "CREATE TABLE parent (id INTEGER PRIMARY KEY) STRICT;"
        "CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED) "
        "STRICT;"
        "CREATE TRIGGER t AFTER INSERT ON workers BEGIN INSERT INTO child VALUES (new.id); END");
    CHECK_THROWS((first.enlist("first")));
    connection.execute("DROP TRIGGER t");
    CHECK_NOTHROW(second.enlist("second"));
    CHECK_NOTHROW(first.enlist("first"));
    CHECK(first.live_workers() == Names{"second", "first"});
}

}  // namespace
}  // namespace orders::sqlite
