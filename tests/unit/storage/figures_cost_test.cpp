// What a scrape reads of a SQLite store: the same, however many orders there are.

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/order_report.h"
#include "shared/storage/sqlite/sqlite_storage.h"
#include "tests/support/manual_clock.h"
#include "tests/support/order_builder.h"
#include "tests/support/temp_dir.h"
#include "tests/support/vm_steps.h"

namespace orders::sqlite {
namespace {

using namespace std::chrono_literals;
using test::an_order;

struct ScrapedStore {
    // So many end in each way, and so many wait, on top of those that do already.
    void fill(const std::string& name, int count) {
        std::vector<NewOrder> orders;
        for (int number = 0; number < 4 * count; ++number) {
            orders.push_back(an_order(name + std::to_string(number)));
        }
        (void)intake->begin()->commit({.creates = {orders}});
        WorkerTurn turn{.worker = id, .lease_time = 1h, .claim = {}};
        turn.claim.limit = static_cast<std::size_t>(2 * count);
        WorkerTurn results{.worker = id, .lease_time = 1h};
        for (const ClaimedOrder& order : worker->take_turn(turn).claimed) {
            const bool is_good = results.settlements.size() % 2 == 0;
            results.settlements.push_back(
                {order.lease, is_good ? ProcessingResult(Completed{}) : Failure{"http_500"}});
        }
        (void)worker->take_turn(results);
        for (int number = 3 * count; number < 4 * count; ++number) {
            const OrderAction cancel = CancelOrder{test::order_id(name + std::to_string(number))};
            (void)intake->begin()->commit({.actions = {&cancel}});
        }
    }

    // As steps of SQLite's virtual machine, of which each row takes several.
    int cost() {
        Connection connection(path, Connection::Access::read_only);
        ReportQueries queries(connection);
        const StoreFigures figures = queries.figures(clock.now());
        CHECK(figures.report.total().processed > 0);
        return test::vm_steps_since_last_call(connection.handle());
    }

    test::TempDir directory;
    std::string path = directory.file("orders.db");
    test::ManualClock clock;
    std::unique_ptr<Storage> storage = open_storage(path, clock);
    std::unique_ptr<IntakeStore> intake = storage->open_intake();
    std::unique_ptr<WorkerStore> worker = storage->open_worker();
    WorkerId id = worker->enlist({.name = "w", .host = "h", .threads = 1}, 1h);
};

}  // namespace

TEST_CASE("figures_cost: a scrape of many orders reads as much as one of few") {
    ScrapedStore store;
    store.fill("few-", 100);  // as many of them in line as are ever looked at
    const int cost_of_few = store.cost();
    store.fill("many-", 1'000);
    CHECK(store.cost() == cost_of_few);
}

}  // namespace orders::sqlite
