// A worker's row stays for as long as an order's history names it, too.

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "shared/storage/sqlite/sqlite_storage.h"
#include "tests/support/manual_clock.h"
#include "tests/support/order_builder.h"
#include "tests/support/temp_dir.h"

namespace orders::sqlite {
namespace {

using namespace std::chrono_literals;
using test::an_order;

struct Workers {
    void submit(const std::string& id) {
        const std::vector<NewOrder> orders{an_order(id)};
        (void)storage->open_intake()->begin()->commit({.creates = {orders}});
    }
    // A worker that is started, claims an order, does this with it, and dies.
    template <typename Action>
    void run(const std::string& name, Action action) {
        const auto store = storage->open_worker();
        const WorkerId id = store->enlist({.name = name, .host = "h", .threads = 1}, 10s);
        action(*store, claim_one(*store, id));
    }
    static Lease claim_one(WorkerStore& store, WorkerId id) {
        return store.take_turn({.worker = id, .lease_time = 10s, .claim = {.limit = 1}})
            .claimed.at(0)
            .lease;
    }
    // As if moments had passed since the last time: one store clears away rows only now and then.
    void keep_house() const {
        const auto housekeeping = storage->open_housekeeping();
        (void)housekeeping->take_turn({.take_back_limit = 10});
        housekeeping->tidy();
    }
    std::vector<std::string> named_in(const std::string& id) {
        std::vector<std::string> names;
        const Order order = storage->open_reader()->find(test::order_id(id)).value();
        for (const PastAttempt& attempt : order.history) names.push_back(attempt.worker);
        return names;
    }

    test::TempDir directory;
    test::ManualClock clock;
    std::unique_ptr<Storage> storage = open_storage(directory.file("orders.db"), clock);
};

}  // namespace

TEST_CASE("named_workers: those that an order's past attempts name keep their rows") {
    Workers workers;
    workers.submit("a");
    workers.run("died", [](WorkerStore&, const Lease&) {});
    workers.keep_house();
    workers.run("released", [](WorkerStore& store, const Lease& lease) {
        (void)store.take_turn({.releases = {lease}});
    });
    workers.keep_house();
    workers.run("retried", [](WorkerStore& store, const Lease& lease) {
        (void)store.take_turn({.settlements = {{lease, Retry{"busy"}}}});
    });
    workers.keep_house();
    const auto newest = workers.storage->open_worker();
    (void)newest->enlist({.name = "newest", .host = "h", .threads = 1}, 10s);
    workers.keep_house();
    CHECK(workers.named_in("a") == std::vector<std::string>{"died", "released", "retried"});
    CHECK(workers.storage->verify().findings == 0);
}

TEST_CASE("named_workers: they go with the last order that names them") {
    Workers workers;
    workers.submit("a");
    workers.run("died", [](WorkerStore&, const Lease&) {});
    workers.keep_house();
    const auto store = workers.storage->open_worker();
    const WorkerId id = store->enlist({.name = "heir", .host = "h", .threads = 1}, 10s);
    const auto claimed =
        store->take_turn({.worker = id, .lease_time = 10s, .claim = {.limit = 1}}).claimed;
    (void)store->take_turn({.settlements = {{claimed.at(0).lease, Completed{}}}});
    workers.submit("last");
    workers.clock.advance(5s);
    const auto housekeeping = workers.storage->open_housekeeping();
    while (housekeeping->sweep(OrderStatus::processed, 1s).has_more) {
    }
    CHECK_FALSE(workers.storage->open_reader()->find(test::order_id("a")));
    workers.keep_house();
    CHECK(workers.storage->verify().findings == 0);
    CHECK_NOTHROW((void)workers.storage->open_worker()->enlist(
        {.name = "died", .host = "h", .threads = 1}, 10s));  // names are unique among all rows
}

}  // namespace orders::sqlite
