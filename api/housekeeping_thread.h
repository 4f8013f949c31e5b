#pragma once

// Housekeeping (shared/housekeeping) on a thread of its own, so that orders become due, expire and
// are deleted whether or not a worker runs.

#include <functional>
#include <memory>
#include <stop_token>
#include <thread>

#include "shared/housekeeping/housekeeping.h"
#include "shared/storage/housekeeping_store.h"
#include "shared/storage/store_error.h"

namespace orders {

class HousekeepingThread {
   public:
    // The store belongs to the thread from here on. `on_fatal` is called at most once, on that
    // thread, if only a new process could go on; it is not logged here, and no house is kept then.
    HousekeepingThread(std::unique_ptr<HousekeepingStore> store, HousekeepingOptions options,
                       std::function<void(const StoreError&)> on_fatal);
    // Waits for the step that is being done, which takes milliseconds.
    ~HousekeepingThread() = default;
    HousekeepingThread(const HousekeepingThread&) = delete;
    HousekeepingThread& operator=(const HousekeepingThread&) = delete;

   private:
    void work(const std::stop_token& stop);

    const std::unique_ptr<HousekeepingStore> store_;
    Housekeeping housekeeping_;
    const std::function<void(const StoreError&)> on_fatal_;
    std::jthread thread_;  // last: it uses all of the above
};

}  // namespace orders
