#pragma once

// Orders that wait, and a worker that processes them.

#include <cstdint>
#include <string>

#include "shared/storage/intake_store.h"
#include "tests/bench/order_ids.h"
#include "tests/bench/raw_sqlite.h"
#include "tests/bench/service_process.h"

namespace orders::bench {

inline constexpr int drain_threads = 64;

// Puts new orders into the store, 1,000 per commit, High and Normal alternately.
void submit_orders(IntakeStore& store, const IdRun& run, std::int64_t orders);
// What each order has besides.
struct Extras {
    int payload_bytes = 0;
    std::string not_before = {};  // RFC 3339
};
// The same through an order-api that is started for it, and stopped.
void submit_orders(const std::string& location, const IdRun& run, std::int64_t orders,
                   const Build& build = this_build(), const Extras& extras = {});

// Looks at a store from the outside, with plain SQL: the store's counters.
class Progress {
   public:
    // There must be a store.
    explicit Progress(const std::string& location) : database_(location) {}

    [[nodiscard]] std::int64_t unfinished();
    [[nodiscard]] std::int64_t finished();
    // Throws if it takes longer than ten minutes.
    void wait_until_all_finished();

   private:
    RawDatabase database_;
};

// Starts a worker, waits until nothing is left to do, and stops it. Returns how many orders it
// finished per second, from before the worker's start.
double drain(const std::string& location, const Build& build = this_build());

}  // namespace orders::bench
