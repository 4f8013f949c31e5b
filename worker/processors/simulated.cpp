#include "worker/processors/simulated.h"

#include <condition_variable>
#include <mutex>

namespace orders {

std::optional<ProcessingResult> SimulatedProcessor::process(const ClaimedOrder& order,
                                                            const std::stop_token& stop) {
    const auto duration = time_unit_ * order.spec.processing_time.units();
    if (duration > duration.zero()) {
        std::mutex mutex;
        std::condition_variable_any never_notified;
        std::unique_lock lock(mutex);
        never_notified.wait_for(lock, stop, duration, [] { return false; });
        if (stop.stop_requested()) return std::nullopt;
    }
    return Completed{};
}

}  // namespace orders
