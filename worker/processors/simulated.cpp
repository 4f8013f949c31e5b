#include "worker/processors/simulated.h"

#include "shared/os/sleep.h"

namespace orders {

std::optional<ProcessingResult> SimulatedProcessor::process(const ClaimedOrder& order,
                                                            const std::stop_token& stop) {
    const auto duration = time_unit_ * order.spec.processing_time.units();
    if (duration > duration.zero()) {
        sleep_until(stop, std::chrono::steady_clock::now() + duration);
        if (stop.stop_requested()) return std::nullopt;
    }
    return Completed{};
}

}  // namespace orders
