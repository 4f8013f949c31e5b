#pragma once

// Orders that wait, and a worker that processes them.

#include <cstdint>
#include <memory>
#include <string>

#include "shared/storage/intake_store.h"
#include "shared/storage/order_reader.h"
#include "tests/bench/order_ids.h"

namespace orders::bench {

inline constexpr int drain_threads = 64;

// Puts new orders into the store, 1,000 per commit, High and Normal alternately.
void submit_orders(IntakeStore& store, const IdRun& run, std::int64_t orders);
void submit_orders(const std::string& location, const IdRun& run, std::int64_t orders);

// Looks at a store from the outside.
class Progress {
   public:
    // There must be a store.
    explicit Progress(const std::string& location);

    [[nodiscard]] std::int64_t unfinished();
    [[nodiscard]] std::int64_t finished();
    // Throws if it takes longer than two minutes.
    void wait_until_all_finished();

   private:
    [[nodiscard]] StatusCounts counts();

    std::unique_ptr<OrderReader> reader_;
};

// Starts a worker, waits until nothing is left to do, and stops it. Returns how many orders it
// finished per second, from before the worker's start.
double drain(const std::string& location);

}  // namespace orders::bench
