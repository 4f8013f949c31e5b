#pragma once

// Another worker, for measuring how long a claim waits for its turn beside writers that never
// pause. Every ten milliseconds it claims one order and gives it back, not charged.

#include <chrono>
#include <exception>
#include <string>
#include <thread>

#include "tests/bench/figures.h"

namespace orders::bench {

class Claimer {
   public:
    // Begins at once.
    explicit Claimer(const std::string& location);

    // From asking for the turn until the claim is on disk. Throws what went wrong on the way.
    [[nodiscard]] Figures stop();

   private:
    void run(const std::stop_token& stop);

    std::string location_;
    // Only the thread's, until it has ended.
    Latencies waits_;
    std::exception_ptr failure_;
    std::jthread thread_;  // last: it uses the above
};

}  // namespace orders::bench
