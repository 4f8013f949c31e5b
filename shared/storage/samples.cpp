#include "shared/storage/samples.h"

#include <optional>

#include "shared/storage/order_reader.h"

namespace orders {
namespace {

std::chrono::milliseconds waited(const OrderReport& report, Priority priority) {
    const std::chrono::duration<double> wait(report.oldest_pending_seconds(priority).value_or(0));
    return std::chrono::duration_cast<std::chrono::milliseconds>(wait);
}

}  // namespace

Sample sample_of(const OrderReport& report) {
    const StatusCounts total = report.total();
    return {.number = sample_number(report.taken_at),
            .created =
                total.pending + total.processing + total.processed + total.failed + total.cancelled,
            .processed = total.processed,
            .failed = total.failed,
            .cancelled = total.cancelled,
            .pending_high = report.high.pending,
            .pending_normal = report.normal.pending,
            .processing = total.processing,
            .oldest_high = waited(report, Priority::high),
            .oldest_normal = waited(report, Priority::normal)};
}

}  // namespace orders
