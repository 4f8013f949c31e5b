#pragma once

// A Clock that stands still until a test moves it. The wall clock and the boot clock move together
// with advance() and apart with the setters, so a test can play a wall-clock jump or a reboot.
//
// Any thread may read and set it.

#include <chrono>
#include <mutex>
#include <string>
#include <utility>

#include "shared/domain/moment.h"

namespace orders::test {

class ManualClock final : public Clock {
   public:
    [[nodiscard]] Moment now() const override {
        const std::lock_guard lock(mutex_);
        return now_;
    }

    // Time passes: both clocks.
    void advance(std::chrono::milliseconds by) {
        const std::lock_guard lock(mutex_);
        now_.utc += by;
        now_.since_boot += by;
    }

    void set_utc(UtcTime utc) {
        const std::lock_guard lock(mutex_);
        now_.utc = utc;
    }

    void set_since_boot(std::chrono::milliseconds since_boot) {
        const std::lock_guard lock(mutex_);
        now_.since_boot = since_boot;
    }

    void set_boot_id(std::string boot_id) {
        const std::lock_guard lock(mutex_);
        now_.boot_id = std::move(boot_id);
    }

   private:
    mutable std::mutex mutex_;
    // 2026-11-22T13:04:05.678Z, an hour after the machine was started.
    Moment now_{UtcTime{std::chrono::milliseconds{1'795'352'645'678}}, std::chrono::hours{1},
                "11111111-2222-3333-4444-555555555555"};
};

}  // namespace orders::test
