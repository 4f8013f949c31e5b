#pragma once

// The wall clock as it was set, at the lowest, in the last `span` of the boot clock; never ahead of
// the wall clock. So a span after it was set ahead, it is believed; after several steps in a row
// that may take up to two spans.
//
// Belongs to one thread.

#include <chrono>
#include <optional>

#include "shared/domain/moment.h"

namespace orders {

class BelievedClock {
   public:
    BelievedClock(const Moment& now, std::chrono::milliseconds span);

    // To be called often, compared with the span: it knows of the settings that it was shown.
    [[nodiscard]] UtcTime read(const Moment& now);

    // How far the wall clock was ahead of it at the last read().
    [[nodiscard]] std::chrono::milliseconds behind() const noexcept { return behind_; }

   private:
    // The wall clock less the boot clock, which changes only where the wall clock is set.
    using Setting = std::chrono::milliseconds;
    struct Later {
        Setting setting;  // the lowest
        std::chrono::milliseconds since_boot;
    };

    std::chrono::milliseconds span_;
    Setting believed_;
    std::optional<Later> later_;  // since when all were later than that
    std::chrono::milliseconds behind_{0};
};

}  // namespace orders
