#pragma once

// Has old orders deleted, a few at a time, between the turns of the dispatcher, whose thread alone
// uses it. The store knows which orders those are, and goes through them in rounds
// (WorkerStore::sweep); this says when.
//
// The age is counted from `finished_at`, by the wall clock: if that is set ahead, orders are
// deleted too early; if it is set back, they are kept for longer.
//
// The workers that the deleted orders name are forgotten in time, too (WorkerStore::tidy).

#include <chrono>
#include <vector>

#include "shared/os/steady_time.h"
#include "shared/storage/worker_store.h"

namespace orders {

// How long orders are kept after they have finished; 0: for ever.
struct RetentionOptions {
    std::chrono::seconds keep_processed{0};
    std::chrono::seconds keep_failed{0};
};

class Retention {
   public:
    // The store must outlive this.
    Retention(WorkerStore& store, const RetentionOptions& options);

    // When step() has something to do next; the largest time if nothing is ever deleted.
    [[nodiscard]] SteadyTime next_step() const noexcept;

    // Sweeps once, if that is due. Throws StoreError; nothing is lost, and the step is done again
    // after a pause.
    void step(SteadyTime now);

   private:
    struct Round {
        OrderStatus status{};
        std::chrono::milliseconds keep{0};
        SteadyTime next_step = {};

        // Since it began.
        std::size_t deleted = 0;
        SteadyTime::duration looked_in_vain = {};  // for this long
    };

    void sweep(Round& round, SteadyTime now);
    static void end(Round& round, SteadyTime now);

    WorkerStore& store_;
    std::vector<Round> rounds_;  // of what is not kept for ever
};

}  // namespace orders
