#pragma once

// A WorkerStore and a HousekeepingStore that pass everything on to real ones, except that they fail
// as often as a test asks for it, and count what they are asked. What fails changes nothing.
//
// The faults may be set from any thread; a store is used by one.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "shared/storage/housekeeping_store.h"
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
    std::atomic<int> chores_to_fail = 0;
    std::atomic<int> house_turns_to_fail = 0;
    std::atomic<int> samples_to_fail = 0;
    std::atomic<StoreError::Kind> kind = StoreError::Kind::busy;
    std::atomic<StoreError::Cure> cure = StoreError::Cure::time;
    std::atomic<int> sweep_takes_ms = 0;

    // What happened.
    std::atomic<int> turns = 0;
    std::atomic<int> looks = 0;
    std::atomic<int> sweeps = 0;
    // The most results, renewals or claims of one turn.
    std::atomic<std::size_t> largest_turn = 0;

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
    void retire(WorkerId worker, const std::string& figures) override {
        begin_turn();
        store_->retire(worker, figures);
    }
    WorkerOutcomes take_turn(const WorkerTurn& turn) override {
        begin_turn();
        WorkerOutcomes outcomes = store_->take_turn(turn);
        faults_.largest_turn =
            std::max({faults_.largest_turn.load(), turn.settlements.size() + turn.releases.size(),
                      turn.renewals.size(), outcomes.claimed.size()});
        return outcomes;
    }
    bool has_claimable(const std::vector<ClaimShare>& shares) override {
        ++faults_.looks;
        faults_.fail_if_asked(faults_.looks_to_fail);
        return store_->has_claimable(shares);
    }
    std::int64_t cancel_count() override { return store_->cancel_count(); }
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

class FaultyHousekeepingStore final : public HousekeepingStore {
   public:
    FaultyHousekeepingStore(std::unique_ptr<HousekeepingStore> store, Faults& faults)
        : store_(std::move(store)), faults_(faults) {}

    Chores look() override {
        faults_.fail_if_asked(faults_.chores_to_fail);
        return store_->look();
    }
    HousekeepingOutcomes take_turn(const HousekeepingTurn& turn) override {
        faults_.fail_if_asked(faults_.house_turns_to_fail);
        return store_->take_turn(turn);
    }
    Swept sweep(OrderStatus status, std::chrono::milliseconds keep) override {
        begin_sweep();
        return store_->sweep(status, keep);
    }
    Swept sweep_beyond(std::int64_t max_bytes) override {
        begin_sweep();
        return store_->sweep_beyond(max_bytes);
    }
    void take_sample() override {
        faults_.fail_if_asked(faults_.samples_to_fail);
        store_->take_sample();
    }
    void add_figures(const std::string& figures) override { store_->add_figures(figures); }
    void tidy() override { store_->tidy(); }

   private:
    void begin_sweep() {
        ++faults_.sweeps;
        if (faults_.sweep_takes_ms > 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(faults_.sweep_takes_ms));
        }
        faults_.fail_if_asked(faults_.sweeps_to_fail);
    }

    std::unique_ptr<HousekeepingStore> store_;
    Faults& faults_;
};

}  // namespace orders::test
