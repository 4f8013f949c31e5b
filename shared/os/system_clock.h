#pragma once

// The real time. See shared/domain/moment.h for what a Moment holds and why.

#include <string>

#include "shared/domain/moment.h"

namespace orders {

class SystemClock final : public Clock {
   public:
    // Reads the boot id. Throws std::runtime_error where the machine has none (it is Linux's
    // /proc/sys/kernel/random/boot_id).
    SystemClock();
    [[nodiscard]] Moment now() const override;

   private:
    std::string boot_id_;
};

}  // namespace orders
