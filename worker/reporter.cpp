#include "worker/reporter.h"

#include <algorithm>
#include <utility>

#include "shared/log/log.h"
#include "shared/os/sleep.h"
#include "shared/storage/store_error.h"

namespace orders {

Reporter::Reporter(std::unique_ptr<OrderReader> reader, std::chrono::milliseconds interval)
    : interval_(interval),
      reader_(std::move(reader)),
      thread_([this](const std::stop_token& stop) { report_until(stop); }) {}

Reporter::~Reporter() {
    thread_.request_stop();
    thread_.join();
}

void Reporter::report_until(const std::stop_token& stop) {
    auto next = std::chrono::steady_clock::now();
    while (!stop.stop_requested()) {
        report();
        next += interval_;
        sleep_until(stop, next);
    }
    report();
}

void Reporter::report() {
    try {
        const OrderReport report = reader_->report();
        const StatusCounts counts = report.total();
        const std::int64_t finished = counts.processed + counts.failed + counts.cancelled;
        log::info("order status report",
                  {{"pending", counts.pending},
                   {"processing", counts.processing},
                   {"processed", counts.processed},
                   {"failed", counts.failed},
                   {"finished_since_last_report",
                    std::max<std::int64_t>(0, finished - finished_before_.value_or(finished))},
                   {"oldest_pending_seconds", report.oldest_pending_seconds().value_or(0)},
                   {"live_workers", report.workers.size()},
                   {"cancelled", counts.cancelled},
                   {"waiting_for_time", report.waiting_for_time}});
        finished_before_ = finished;
    } catch (const StoreError& error) {
        if (!error.is_logged())
            log::error("order status report failed", {{"detail", error.what()}});
    }
}

}  // namespace orders
