#pragma once

// Logs, every interval, how many orders are in each status:
//
//     order status report pending=3 processing=10 processed=87 failed=0
//     finished_since_last_report=12 oldest_pending_seconds=4.2 live_workers=1
//     cancelled=0 waiting_for_time=0                                                 (one line)
//
// If old orders are deleted, those deleted since the last report are missing from
// finished_since_last_report, which is at least 0.
//
// The first report is made at once: the worker should be enlisted by then, or it does not count
// itself among the live ones.
//
// The counts are the store's, not this worker's, so several workers report the same orders. It has
// a thread and a reader of its own; a report that fails is logged, and the next one is tried as
// usual.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>

#include "shared/storage/order_reader.h"

namespace orders {

class Reporter {
   public:
    Reporter(std::unique_ptr<OrderReader> reader, std::chrono::milliseconds interval);
    // Ends the thread, after one last report.
    ~Reporter();
    Reporter(const Reporter&) = delete;
    Reporter& operator=(const Reporter&) = delete;

   private:
    void report_until(const std::stop_token& stop);
    void report();

    // Constant after construction.
    const std::chrono::milliseconds interval_;

    // Only the thread.
    std::unique_ptr<OrderReader> reader_;
    std::optional<std::int64_t> finished_before_;

    std::jthread thread_;  // last: it uses all of the above
};

}  // namespace orders
