#pragma once

// Processes an order by waiting as long as its processing time says.

#include <chrono>

#include "worker/processors/order_processor.h"

namespace orders {

class SimulatedProcessor final : public OrderProcessor {
   public:
    // How long one unit of processing time lasts; zero makes every order instant.
    explicit SimulatedProcessor(std::chrono::milliseconds time_unit) : time_unit_(time_unit) {}

    std::optional<ProcessingResult> process(const ClaimedOrder& order,
                                            const std::stop_token& stop) override;

   private:
    const std::chrono::milliseconds time_unit_;
};

}  // namespace orders
