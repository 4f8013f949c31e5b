#pragma once

// Has old orders deleted, a few at a time. The store knows which orders those are, and goes through
// them in rounds (HousekeepingStore::sweep); this says when. Belongs to one thread.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "shared/os/steady_time.h"
#include "shared/storage/housekeeping_store.h"

namespace orders {

// How long orders are kept after they have ended; 0: for ever.
struct RetentionOptions {
    std::chrono::seconds keep_processed{0};
    std::chrono::seconds keep_failed{0};  // and Cancelled
    // What all orders may take up, as HousekeepingStore::sweep_beyond() counts it; 0: no bound.
    std::int64_t max_bytes = 0;
};

class Retention {
   public:
    // The store must outlive this.
    Retention(HousekeepingStore& store, const RetentionOptions& options);

    // When step() has something to do next; the largest time if nothing is ever deleted.
    [[nodiscard]] SteadyTime next_step() const noexcept;

    // Sweeps once, if that is due. Throws StoreError; nothing is lost, and the step is done again
    // after a pause.
    void step(SteadyTime now);

   private:
    struct Round {
        std::string_view status;  // of the orders, for the log
        std::function<Swept()> sweep;
        std::chrono::milliseconds pause{0};  // before the next one
        SteadyTime next_step = {};

        // Since it began.
        std::size_t deleted = 0;
        SteadyTime::duration looked_in_vain = {};  // for this long
    };

    void keep(OrderStatus status, std::chrono::milliseconds time);
    void sweep(Round& round, SteadyTime now);
    static void end(Round& round, SteadyTime now);

    HousekeepingStore& store_;
    std::vector<Round> rounds_;  // of what is not kept for ever
};

}  // namespace orders
