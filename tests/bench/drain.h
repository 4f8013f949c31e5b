#pragma once

// Orders that wait, and a worker that processes them.

#include <cstdint>
#include <memory>
#include <string>

#include "shared/storage/intake_store.h"
#include "tests/bench/order_ids.h"
#include "tests/bench/service_process.h"
#include "tests/bench/store_view.h"

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

// By the store's counters.
class Progress {
   public:
    // There must be a store.
    explicit Progress(const std::string& location) : view_(view_of(location)) {}

    [[nodiscard]] std::int64_t unfinished() { return view_->unfinished(); }
    [[nodiscard]] std::int64_t finished() { return view_->finished(); }
    // Throws if it takes longer than ten minutes.
    void wait_until_all_finished();

   private:
    std::unique_ptr<StoreView> view_;
};

// Starts workers, waits until nothing is left to do, and stops them. Returns how many orders they
// finished per second, from before their start.
double drain(const std::string& location, const Build& build = this_build(), int workers = 1);

}  // namespace orders::bench
