#pragma once

// A store that fails as often as a test asks for it, before anything has happened, as a locked or
// full one does; all else it hands on to a real one.
//
// The faults may be set from any thread; a store is used by one.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "shared/storage/order_store.h"
#include "shared/storage/store_error.h"

namespace orders::test {

// What can go wrong with a store, as often as a test asks for it.
struct Faults {
    std::atomic<int> begins_to_fail = 0;
    std::atomic<int> commits_to_fail = 0;
    std::atomic<int> looks_to_fail = 0;
    std::atomic<int> tidies_to_fail = 0;
    std::atomic<int> walks_to_fail = 0;
    std::atomic<StoreError::Kind> kind = StoreError::Kind::busy;
    std::atomic<int> walk_takes_ms = 0;

    // What happened.
    std::atomic<int> begins = 0;
    std::atomic<int> looks = 0;
    std::atomic<int> walks = 0;
    std::atomic<std::int64_t> walked_after = 0;  // the last one
    std::atomic<int> erases = 0;

    void fail_if_asked(std::atomic<int>& to_fail) {
        if (to_fail == 0) return;
        --to_fail;
        throw StoreError(kind, "do that", "the test does not want it");
    }
};

// A transaction whose commit may fail, and then nothing of it is kept.
class FaultyTransaction final : public OrderTransaction {
   public:
    FaultyTransaction(std::unique_ptr<OrderTransaction> work, Faults& faults)
        : work_(std::move(work)), faults_(faults) {}

    StoreLevel level() override { return work_->level(); }
    std::vector<SubmitOutcome> submit(std::span<const NewOrder> orders, UtcTime now) override {
        return work_->submit(orders, now);
    }
    std::vector<ClaimedOrder> claim(WorkerId worker, std::size_t limit, const Moment& now,
                                    std::chrono::milliseconds lease_time) override {
        return work_->claim(worker, limit, now, lease_time);
    }
    std::vector<SettleOutcome> settle(std::span<const Settlement> settlements,
                                      UtcTime now) override {
        return work_->settle(settlements, now);
    }
    std::size_t release(std::span<const Lease> leases) override { return work_->release(leases); }
    std::vector<Lease> renew(std::span<const Lease> leases, const Moment& now,
                             std::chrono::milliseconds lease_time) override {
        return work_->renew(leases, now, lease_time);
    }
    std::vector<ExpiredOrder> requeue_expired(const Moment& now, int max_attempts,
                                              std::size_t limit) override {
        return work_->requeue_expired(now, max_attempts, limit);
    }
    WorkerId enlist(const WorkerDescription& worker, const Moment& now,
                    std::chrono::milliseconds heartbeat_limit) override {
        return work_->enlist(worker, now, heartbeat_limit);
    }
    void heartbeat(WorkerId worker, const Moment& now,
                   std::chrono::milliseconds heartbeat_limit) override {
        work_->heartbeat(worker, now, heartbeat_limit);
    }
    void retire(WorkerId worker) override { work_->retire(worker); }
    void probe(UtcTime now) override { work_->probe(now); }
    void commit() override {
        faults_.fail_if_asked(faults_.commits_to_fail);
        work_->commit();
    }
    std::size_t erase(std::span<const OrderSequence> orders, OrderStatus status,
                      UtcTime finished_before) override {
        ++faults_.erases;
        return work_->erase(orders, status, finished_before);
    }

   private:
    std::unique_ptr<OrderTransaction> work_;
    Faults& faults_;
};

class FaultyStore final : public OrderStore {
   public:
    FaultyStore(std::unique_ptr<OrderStore> store, Faults& faults)
        : store_(std::move(store)), faults_(faults) {}

    std::optional<Order> find(const OrderId& order_id) override { return store_->find(order_id); }
    OrderPage list(const OrderQuery& query) override { return store_->list(query); }
    OrderReport report(const Moment& now) override { return store_->report(now); }
    std::unique_ptr<OrderTransaction> begin() override {
        ++faults_.begins;
        faults_.fail_if_asked(faults_.begins_to_fail);
        return std::make_unique<FaultyTransaction>(store_->begin(), faults_);
    }
    WaitingWork waiting_work(const Moment& now) override {
        ++faults_.looks;
        faults_.fail_if_asked(faults_.looks_to_fail);
        return store_->waiting_work(now);
    }
    void tidy() override {
        faults_.fail_if_asked(faults_.tidies_to_fail);
        store_->tidy();
    }
    FinishedOrders find_finished(const FinishedQuery& query) override {
        ++faults_.walks;
        faults_.walked_after = query.after.value;
        if (faults_.walk_takes_ms > 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(faults_.walk_takes_ms));
        }
        faults_.fail_if_asked(faults_.walks_to_fail);
        return store_->find_finished(query);
    }

   private:
    std::unique_ptr<OrderStore> store_;
    Faults& faults_;
};

}  // namespace orders::test
