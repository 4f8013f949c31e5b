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

Sample sample_of(const StoreFigures& figures) {
    const OrderReport& report = figures.report;
    Sample sample{.number = sample_number(report.taken_at),
                  .pending_high = report.high.pending,
                  .pending_normal = report.normal.pending,
                  .processing = report.total().processing,
                  .oldest_high = waited(report, Priority::high),
                  .oldest_normal = waited(report, Priority::normal)};
    for (const KindFigures& kind : figures.kinds) {
        for (const LineFigures& line : {kind.high, kind.normal}) {
            sample.created += line.created;
            sample.processed += line.finished.processed;
            sample.failed += line.finished.failed;
            sample.cancelled += line.finished.cancelled;
        }
    }
    return sample;
}

}  // namespace orders
