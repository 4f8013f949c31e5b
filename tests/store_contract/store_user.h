#pragma once

// Uses a store for everything that it is for: an intake, a worker's store and a reader,
// driven in turns of one step each. Belongs to one thread; open as many as there are threads.

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
    explicit StoreUser(StoreUnderTest& store);

    [[nodiscard]] IntakeStore& intake() { return *intake_; }
    [[nodiscard]] WorkerStore& worker() { return *worker_; }
    [[nodiscard]] OrderReader& reader() { return *reader_; }

    IntakeOutcomes commit(const IntakeGroup& group);
    std::vector<SubmitOutcome> submit(const std::vector<NewOrder>& orders);
    // Whether it was created.
    bool submit(const NewOrder& order);
    [[nodiscard]] std::int64_t pending_level();

    WorkerId enlist(const std::string& name, const std::string& label = {});
    std::vector<ClaimedOrder> claim(WorkerId worker, std::size_t limit);
    SettleOutcome settle(const Lease& lease, ProcessingResult result = Completed{});
    // All of them Completed, by one turn.
    void settle(const std::vector<ClaimedOrder>& orders);
    // Whether the lease was still good.
    bool release(const Lease& lease);
    bool renew(const Lease& lease);
    std::vector<ExpiredOrder> take_back_expired(int max_attempts = 3, std::size_t limit = 1'000);
    void heartbeat(WorkerId worker);
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
// All pages of the query, one after the other.
[[nodiscard]] std::vector<Order> list_all(OrderReader& reader, OrderQuery query);
// Fails the test unless the counters equal a recount of every order.
void check_counts(OrderReader& reader);

}  // namespace orders::test
