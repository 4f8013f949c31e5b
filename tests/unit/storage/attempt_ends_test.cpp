// Attempts end: the wait of a retry to the millisecond, and the rows that name a worker.

#include "shared/storage/sqlite/attempt_ends.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "shared/storage/sqlite/action_writes.h"
#include "shared/storage/sqlite/intake_writes.h"
#include "shared/storage/sqlite/worker_writes.h"
#include "tests/support/manual_clock.h"
#include "tests/support/order_builder.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/storage/database_under_test.h"

namespace orders::sqlite {
namespace {

using namespace std::chrono_literals;
using test::an_order;

constexpr std::int64_t any_order = 9'223'372'036'854'775'807;

struct Store {
    void submit(const std::vector<NewOrder>& orders) {
        WriteTransaction work(access);
        (void)intake.carry_out({.creates = {orders}}, work);
        work.commit();
    }
    WorkerId enlist(const std::string& name) {
        WriteTransaction work(access);
        const WorkerId id =
            worker.enlist({.name = name, .host = "h", .threads = 1}, clock.now(), 10s);
        work.commit();
        return id;
    }
    std::vector<ClaimedOrder> claim(WorkerId by, std::size_t limit) {
        WriteTransaction work(access);
        auto outcomes =
            worker.take_turn({.worker = by, .lease_time = 10s, .claim = {.limit = limit}}, work);
        work.commit();
        return std::move(outcomes.claimed);
    }
    void retire(WorkerId id) {
        WriteTransaction work(access);
        worker.retire(id, {});
        work.commit();
    }
    template <typename Action>
    void end(Action action) {
        WriteTransaction work(access);
        ends.begin();
        action(work);
        work.commit();
    }
    std::int64_t named_up_to(WorkerId id) {
        Statement find(access.connection(), "SELECT named_up_to FROM workers WHERE id = ?");
        Cursor rows = find.query(id.value);
        rows.next();
        return rows.get<std::int64_t>(0);
    }

    test::TempDir directory;
    test::ManualClock clock;
    WriteAccess access{directory.file("orders.db"), clock};
    double chance = 0;
    OrderContent content{access.connection()};
    AttemptEnds ends{access.connection(), content, [this] { return chance; }};
    IntakeWrites intake{access.connection()};
    WorkerWrites worker{access.connection()};
};

constexpr AttemptEnds::GivenBack taken_back{.outcome = PastAttempt::Outcome::lease_expired,
                                            .is_charged = true};

}  // namespace

TEST_CASE("attempt_ends: half of a retry's wait is certain, and chance spreads the other half") {
    Store store;
    store.submit({an_order("a").with({.backoff = 40s}), an_order("b").with({.backoff = 40s}),
                  an_order("c").with({.backoff = 40s})});
    const auto claimed = store.claim(store.enlist("w"), 3);
    const auto wait_by = [&](double chance, const Lease& lease) {
        store.chance = chance;
        store.end([&](WriteTransaction& work) {
            CHECK(store.ends.settle({lease, Retry{"busy"}}, store.clock.now().utc, work) ==
                  SettleOutcome::settled);
        });
        Statement find(store.access.connection(), "SELECT due_at FROM orders WHERE seq = ?");
        Cursor rows = find.query(lease.order.value);
        rows.next();
        return time_from_column(rows.get<std::int64_t>(0)) - store.clock.now().utc;
    };
    CHECK(wait_by(0, claimed.at(0).lease) == 20s);
    CHECK(wait_by(0.25, claimed.at(1).lease) == 25s);
    CHECK(wait_by(1, claimed.at(2).lease) == 40s);
}

TEST_CASE("attempt_ends: chance is spread from 0 to 1") {
    const Chance chance = random_chance();
    double least = 1;
    double most = 0;
    for (int draw = 0; draw < 10'000; ++draw) {
        const double drawn = chance();
        least = std::min(least, drawn);
        most = std::max(most, drawn);
    }
    CHECK(least >= 0);
    CHECK(least < 0.01);
    CHECK(most > 0.99);
    CHECK(most <= 1);
}

TEST_CASE("attempt_ends: a worker that lives may be named by any order, once it ended an attempt") {
    for (const bool is_ended : {true, false}) {
        Store store;
        store.submit({an_order("a"), an_order("b")});
        const WorkerId worker = store.enlist("w");
        const Lease lease = store.claim(worker, 1).at(0).lease;
        CHECK(store.named_up_to(worker) == 0);
        store.end([&](WriteTransaction& work) {
            const UtcTime now = store.clock.now().utc;
            if (is_ended) {
                (void)store.ends.settle({lease, Completed{}}, now, work);
            } else {
                CHECK(store.ends.give_back(lease, taken_back, now, work));
            }
        });
        CHECK(store.named_up_to(worker) == any_order);
        store.retire(worker);
        CHECK(store.named_up_to(worker) == 2);
    }
}

TEST_CASE("attempt_ends: a worker that retired is named by the last of the orders that it held") {
    Store store;
    store.submit({an_order("a"), an_order("b"), an_order("c"), an_order("d")});
    const WorkerId worker = store.enlist("w");
    const auto held = store.claim(worker, 3);
    store.retire(worker);
    CHECK(store.named_up_to(worker) == 0);
    store.end([&](WriteTransaction& work) {
        const UtcTime now = store.clock.now().utc;
        CHECK(store.ends.give_back(held.at(0).lease, taken_back, now, work));
        CHECK(store.ends.cancel(held.at(2).lease.order, now, work));
        CHECK(store.ends.give_back(held.at(1).lease, taken_back, now, work));
    });
    CHECK(store.named_up_to(worker) == 3);
}

TEST_CASE("attempt_ends: what a transaction said of a worker is undone with it") {
    Store store;
    store.submit({an_order("a")});
    const WorkerId worker = store.enlist("w");
    const Lease lease = store.claim(worker, 1).at(0).lease;
    const auto settle = [&](WriteTransaction& work) {
        (void)store.ends.settle({lease, Completed{}}, store.clock.now().utc, work);
    };
    {
        WriteTransaction undone(store.access);
        store.ends.begin();
        settle(undone);
    }
    CHECK(store.named_up_to(worker) == 0);
    store.end(settle);
    CHECK(store.named_up_to(worker) == any_order);
}

TEST_CASE("attempt_ends: only what is Pending expires") {
    Store store;
    store.submit({an_order("held"), an_order("queued"), an_order("waiting").due(1h)});
    (void)store.claim(store.enlist("w"), 1);
    store.end([&](WriteTransaction& work) {
        const UtcTime now = store.clock.now().utc;
        CHECK_FALSE(store.ends.expire({1}, now, work));
        CHECK(store.ends.expire({2}, now, work));
        CHECK(store.ends.expire({3}, now, work));
        CHECK_FALSE(store.ends.expire({3}, now, work));
        CHECK_FALSE(store.ends.expire({4}, now, work));
    });
    CHECK(number(store.access.connection(),
                 "SELECT count(*) FROM orders WHERE failure = 'expired' AND worker IS NULL") == 2);
    CHECK(number(store.access.connection(),
                 "SELECT sum(orders) FROM order_counts WHERE status = 3") == 2);
}

}  // namespace orders::sqlite
