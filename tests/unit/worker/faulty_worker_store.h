#pragma once

// A WorkerStore that passes everything on to a real one, except that it fails as often as a test
// asks for it, and counts what it is asked. What fails changes nothing.
//
// The faults may be set from any thread; a store is used by one.

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include "shared/storage/store_error.h"
#include "shared/storage/worker_store.h"

namespace orders::test {

// What can go wrong with a store, as often as a test asks for it.
struct Faults {
    // Of enlisting and retiring, too.
    std::atomic<int> turns_to_fail = 0;
    std::atomic<int> looks_to_fail = 0;
    std::atomic<int> tidies_to_fail = 0;
    std::atomic<int> sweeps_to_fail = 0;
    std::atomic<StoreError::Kind> kind = StoreError::Kind::busy;
    std::atomic<StoreError::Cure> cure = StoreError::Cure::time;
    std::atomic<int> sweep_takes_ms = 0;

    // What happened.
    std::atomic<int> turns = 0;
    std::atomic<int> looks = 0;
    std::atomic<int> sweeps = 0;

    void fail_if_asked(std::atomic<int>& to_fail) {
        if (to_fail == 0) return;
        --to_fail;
        throw StoreError(kind, cure, "do that", "the test does not want it");
    }
};

class FaultyWorkerStore final : public WorkerStore {
   public:
    FaultyWorkerStore(std::unique_ptr<WorkerStore> store, Faults& faults)
        : store_(std::move(store)), faults_(faults) {}

    WorkerId enlist(const WorkerDescription& worker,
                    std::chrono::milliseconds lease_time) override {
        begin_turn();
        return store_->enlist(worker, lease_time);
    }
    void retire(WorkerId worker) override {
        begin_turn();
        store_->retire(worker);
    }
    WorkerOutcomes take_turn(const WorkerTurn& turn) override {
        begin_turn();
        return store_->take_turn(turn);
    }
    bool has_pending() override {
        ++faults_.looks;
        faults_.fail_if_asked(faults_.looks_to_fail);
        return store_->has_pending();
    }
    bool has_expired() override { return store_->has_expired(); }
    Swept sweep(OrderStatus status, std::chrono::milliseconds keep) override {
        ++faults_.sweeps;
        if (faults_.sweep_takes_ms > 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(faults_.sweep_takes_ms));
        }
        faults_.fail_if_asked(faults_.sweeps_to_fail);
        return store_->sweep(status, keep);
    }
    void tidy() override {
        faults_.fail_if_asked(faults_.tidies_to_fail);
        store_->tidy();
    }

   private:
    void begin_turn() {
        ++faults_.turns;
        faults_.fail_if_asked(faults_.turns_to_fail);
    }

    std::unique_ptr<WorkerStore> store_;
    Faults& faults_;
};

}  // namespace orders::test
