#pragma once

// The world around a program under test: a store, clients, other workers, and time that stands
// still until the test moves it. It belongs to the test's main thread; its clock may be read by
// others.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/sqlite_storage.h"
#include "tests/support/eventually.h"
#include "tests/support/manual_clock.h"
#include "tests/support/order_builder.h"
#include "tests/support/temp_dir.h"

namespace orders::test {

// Longer than any test: what takes that long does not happen by itself.
inline constexpr std::chrono::milliseconds never = std::chrono::hours(1);

// The orders and all their users except the one under test: clients, and other workers.
class World {
   public:
    void submit(const std::vector<NewOrder>& orders) {
        (void)intake_->begin()->commit({.creates = {orders}});
    }
    void submit(const NewOrder& order) { submit(std::vector{order}); }

    Order find(const std::string& id) { return reader_->find(order_id(id)).value(); }
    OrderReport report() { return reader_->report(); }
    StatusCounts counts() { return report().total(); }
    void wait_until(const std::string& id, OrderStatus status) {
        eventually(
            patience, [&] { return to_string(find(id).status); },
            [&](std::string_view seen) { return seen == to_string(status); });
    }
    void wait_for_workers(std::size_t workers) {
        eventually(patience, [&] { return report().workers.size() == workers; });
    }

    // Another worker claims the first orders that are due.
    std::vector<ClaimedOrder> claim(const std::string& name, std::size_t orders,
                                    const AttemptLimits& limits = {}) {
        return claim_by(*others_, name, orders, limits);
    }
    ClaimedOrder claim(const std::string& name, const AttemptLimits& limits = {}) {
        return claim(name, 1, limits).at(0);
    }
    // The same, but then it dies.
    std::vector<ClaimedOrder> claim_and_die(const std::string& name, std::size_t orders) {
        const auto doomed = storage->open_worker();
        return claim_by(*doomed, name, orders);
    }
    // Another worker takes over the only order that is held, as if its lease had run out and been
    // taken back: in one step, so that nobody comes in between.
    ClaimedOrder take_over(const std::string& name) {
        const WorkerId taker = enlist(*others_, name);
        sqlite::Connection connection(location, sqlite::Connection::Access::read_write);
        connection.execute(
            "BEGIN IMMEDIATE; UPDATE orders SET attempts = attempts + 1,"
            " lease_token = lease_token + 1 WHERE status = 1");
        sqlite::Statement(connection, "UPDATE leases SET worker = ?").run(taker.value);
        sqlite::Statement held(connection,
                               "SELECT seq, lease_token, order_id, attempts FROM orders"
                               " WHERE status = 1");
        auto rows = held.query();
        rows.next();
        ClaimedOrder taken{.lease = {{rows.get<std::int64_t>(0)}, rows.get<std::int64_t>(1)},
                           .spec = an_order(rows.get<std::string>(2)).build().spec,
                           .attempt = static_cast<int>(rows.get<std::int64_t>(3))};
        while (rows.next()) {
        }
        connection.commit();
        return taken;
    }
    void cancel(const std::string& id) {
        const OrderAction action = CancelOrder{order_id(id)};
        (void)intake_->begin()->commit({.actions = {&action}});
    }
    SettleOutcome settle(const Lease& lease) {
        return others_->take_turn({.settlements = {{lease, Completed{}}}}).settled.at(0);
    }
    void settle(const std::vector<ClaimedOrder>& orders, const ProcessingResult& result) {
        WorkerTurn turn;
        for (const ClaimedOrder& order : orders) turn.settlements.push_back({order.lease, result});
        (void)others_->take_turn(turn);
    }
    // Whether a lease will have run out then, unless it is renewed.
    bool has_expired_in(std::chrono::milliseconds time) {
        const ManualClock later(moment_in(time));
        return sqlite::open_storage(location, later)
            ->open_housekeeping()
            ->look()
            .has_expired_leases;
    }

   private:
    static WorkerId enlist(WorkerStore& store, const std::string& name) {
        return store.enlist({.name = name, .host = "h", .threads = 1}, never);
    }
    static std::vector<ClaimedOrder> claim_by(WorkerStore& store, const std::string& name,
                                              std::size_t orders,
                                              const AttemptLimits& limits = {}) {
        return store
            .take_turn({.worker = enlist(store, name),
                        .lease_time = never,
                        .claim = {.limit = orders, .shares = {{.defaults = limits}}}})
            .claimed;
    }
    [[nodiscard]] sqlite::Moment moment_in(std::chrono::milliseconds time) const {
        sqlite::Moment later = clock.now();
        later.utc += time;
        later.since_boot += time;
        return later;
    }

    TempDir directory_;

   public:
    const std::string location = directory_.file("orders.db");
    ManualClock clock;
    std::unique_ptr<Storage> storage = sqlite::open_storage(location, clock);

   private:
    std::unique_ptr<IntakeStore> intake_ = storage->open_intake();
    std::unique_ptr<WorkerStore> others_ = storage->open_worker();
    std::unique_ptr<OrderReader> reader_ = storage->open_reader();
};

}  // namespace orders::test
