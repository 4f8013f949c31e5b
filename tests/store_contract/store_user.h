#pragma once

// Uses a store for everything that it is for: an intake, a worker's store, housekeeping and a
// reader, driven in turns of one step each. Belongs to one thread; open as many as there are
// threads.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/store_contract/store_under_test.h"
#include "tests/support/order_builder.h"

namespace orders::test {

using namespace std::chrono_literals;

inline constexpr std::chrono::milliseconds lease_time{10'000};

class StoreUser {
   public:
    explicit StoreUser(Storage& storage);
    explicit StoreUser(StoreUnderTest& store) : StoreUser(store.storage()) {}

    [[nodiscard]] IntakeStore& intake() { return *intake_; }
    [[nodiscard]] WorkerStore& worker() { return *worker_; }
    [[nodiscard]] HousekeepingStore& housekeeping() { return *housekeeping_; }
    [[nodiscard]] OrderReader& reader() { return *reader_; }

    IntakeOutcomes commit(const IntakeGroup& group);
    std::vector<SubmitOutcome> submit(const std::vector<NewOrder>& orders);
    // Whether it was created.
    bool submit(const NewOrder& order);
    [[nodiscard]] std::int64_t pending_level();

    ActionOutcome act(const OrderAction& action);
    ActionOutcome cancel(const std::string& id) { return act(CancelOrder{order_id(id)}); }
    ActionOutcome retry(const std::string& id) { return act(RetryOrder{order_id(id)}); }
    ActionOutcome change(const std::string& id, const OrderChange& change) {
        return act(ChangeOrder{order_id(id), change});
    }
    ActionOutcome pause(const std::string& kind) { return act(PauseKind{a_kind(kind), true}); }
    ActionOutcome resume(const std::string& kind) { return act(PauseKind{a_kind(kind), false}); }

    WorkerId enlist(const std::string& name, const std::string& label = {});
    std::vector<ClaimedOrder> claim(WorkerId worker, const ClaimRequest& request);
    std::vector<ClaimedOrder> claim(WorkerId worker, std::size_t limit) {
        return claim(worker, ClaimRequest{.limit = limit});
    }
    SettleOutcome settle(const Lease& lease, ProcessingResult result = Completed{});
    // All of them Completed, by one turn.
    void settle(const std::vector<ClaimedOrder>& orders);
    // Whether the lease was still good.
    bool release(const Lease& lease);
    bool renew(const Lease& lease);
    void heartbeat(WorkerId worker);

    std::vector<ExpiredOrder> take_back_expired(std::size_t limit = 1'000);
    // How many orders that were due it put into the queue, or how many it ended as too late.
    std::size_t promote(std::size_t limit = 1'000);
    std::size_t expire(std::size_t limit = 1'000);
    // Sweeps until there is no more; returns how many orders that deleted.
    std::size_t sweep(OrderStatus status, std::chrono::milliseconds keep);

    [[nodiscard]] Order find(const std::string& id) { return reader_->find(order_id(id)).value(); }
    [[nodiscard]] bool is_there(const std::string& id) {
        return reader_->find(order_id(id)).has_value();
    }
    [[nodiscard]] StatusCounts counts() { return reader_->report().total(); }

   private:
    std::unique_ptr<IntakeStore> intake_;
    std::unique_ptr<WorkerStore> worker_;
    std::unique_ptr<HousekeepingStore> housekeeping_;
    std::unique_ptr<OrderReader> reader_;
};

// For TEST_CASE_FIXTURE: a store, and one user of it.
struct UsedStore {
    std::unique_ptr<StoreUnderTest> store = make_store_under_test();
    StoreUser user{*store};
};

// order-0, order-1, ...
[[nodiscard]] std::vector<NewOrder> numbered_orders(int count);
[[nodiscard]] std::vector<std::string> ids_of(const std::vector<ClaimedOrder>& claimed);
[[nodiscard]] std::vector<std::string> ids_of(const std::vector<Order>& orders);
// All pages of the query, one after the other.
[[nodiscard]] std::vector<Order> list_all(OrderReader& reader, OrderQuery query);
// Fails the test unless the counters equal a recount of every order, by priority and by kind.
void check_counts(OrderReader& reader);

}  // namespace orders::test
