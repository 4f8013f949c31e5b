// Places in the queue: what arrives stands behind all that have one, however many got theirs since
// the last arrival; and a claim does a bounded amount of work, however many are too late.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "shared/storage/sqlite/claims.h"
#include "shared/storage/sqlite/sqlite_storage.h"
#include "tests/support/manual_clock.h"
#include "tests/support/order_builder.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/storage/database_under_test.h"

namespace orders::sqlite {
namespace {

using namespace std::chrono_literals;
using test::an_order;

struct Queue {
    void submit(const std::vector<NewOrder>& orders) {
        (void)storage->open_intake()->begin()->commit({.creates = {orders}});
    }
    void retry(const std::string& order) {
        const OrderAction cancel = CancelOrder{test::order_id(order)};
        const OrderAction retry = RetryOrder{test::order_id(order)};
        (void)storage->open_intake()->begin()->commit({.actions = {&cancel, &retry}});
    }
    std::vector<std::string> claim(std::size_t limit) {
        std::vector<std::string> ids;
        const auto outcomes =
            worker->take_turn({.worker = id, .lease_time = 10s, .claim = {.limit = limit}});
        for (const auto& order : outcomes.claimed) ids.push_back(order.spec.order_id.text());
        return ids;
    }

    test::TempDir directory;
    std::string path = directory.file("orders.db");
    test::ManualClock clock;
    std::unique_ptr<Storage> storage = open_storage(path, clock);
    std::unique_ptr<WorkerStore> worker = storage->open_worker();
    WorkerId id = worker->enlist({.name = "w", .host = "h", .threads = 1}, 10s);
    Connection connection{path, Connection::Access::read_write};
};

}  // namespace

TEST_CASE("queue_places: an order that is due when it arrives needs none of its own") {
    Queue queue;
    queue.submit({an_order("a"), an_order("b")});
    queue.retry("a");
    queue.submit({an_order("c")});
    CHECK(number(queue.connection, "SELECT count(place) FROM orders") == 1);
    CHECK(queue.claim(9) == std::vector<std::string>{"b", "a", "c"});
}

TEST_CASE(
    "queue_places: what arrives stands last, though a million got places since the last one") {
    Queue queue;
    queue.submit({an_order("a"), an_order("b")});
    queue.connection.execute(
        "UPDATE bookkeeping SET last_place = (SELECT max(seq) << 20 FROM orders) + 3000000");
    queue.retry("a");
    queue.submit({an_order("c"), an_order("d")});
    queue.submit({an_order("e")});
    for (int number = 0; number < 5; ++number) {
        queue.submit({an_order("later-" + std::to_string(number))});
    }
    CHECK(queue.claim(9) == std::vector<std::string>{"b", "a", "c", "d", "e", "later-0", "later-1",
                                                     "later-2", "later-3"});
    // They have caught up.
    CHECK(number(queue.connection, "SELECT count(*) FROM orders WHERE place IS NULL") > 1);
}

TEST_CASE("queue_places: a claim ends a bounded number of orders that are too late") {
    Queue queue;
    std::vector<NewOrder> late;
    for (std::size_t number = 0; number < Claims::most_expired + 5; ++number) {
        late.push_back(
            an_order("late-" + std::to_string(number)).to_begin_before(queue.clock.now().utc));
    }
    queue.submit(late);
    queue.submit({an_order("a")});
    CHECK(queue.claim(1).empty());
    CHECK(number(queue.connection, "SELECT count(*) FROM orders WHERE status = 3") ==
          Claims::most_expired);
    CHECK(queue.claim(1) == std::vector<std::string>{"a"});
}

}  // namespace orders::sqlite
