#pragma once

// Processes an order by waiting as long as its processing time says. That is Completed, unless the
// payload asks for something else, for tests and demonstrations:
//
//     {"simulate": {"outcome": "retry", "times": 2, "reason": "busy", "detail": "try later",
//                   "after_seconds": 3, "result": {"any": "JSON"}}}
//
//   outcome        complete (the default), fail, or retry
//   times          retry only: the attempts that are tried again, from the first on; the next one
//                  completes. Every attempt, if it is not given
//   reason         of a failure or a retry; `simulated` if it is not given
//   detail         of a failure or a retry
//   after_seconds  retry only: the least time to wait
//   result         what a completed order returns, any JSON value (written anew: of numbers and of
//                  doubled keys it keeps what a double, and one key, can hold)
//
// A payload of any other form is not looked at, nor one with a number beyond a double.

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
