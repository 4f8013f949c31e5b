#pragma once

// A clock of the SQLite backend that stands still until a test moves it. The wall clock and the
// boot clock move together with advance() and apart with the setters, so a test can play a
// wall-clock jump or a reboot.
//
// Any thread may read and set it.

#include <chrono>
#include <mutex>
#include <string>
#include <utility>

#include "shared/storage/sqlite/clock.h"

namespace orders::test {

class ManualClock final : public sqlite::Clock {
   public:
    // 2026-11-22T13:04:05.678Z, an hour after the machine was started.
    ManualClock() = default;
    explicit ManualClock(sqlite::Moment now) : now_(std::move(now)) {}

    [[nodiscard]] sqlite::Moment now() const override {
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

    // The machine was started anew, and has run for this long.
    void reboot(std::string boot_id, std::chrono::milliseconds since_boot) {
        const std::lock_guard lock(mutex_);
        now_.boot_id = std::move(boot_id);
        now_.since_boot = since_boot;
    }

   private:
    mutable std::mutex mutex_;
    sqlite::Moment now_{UtcTime{std::chrono::milliseconds{1'795'352'645'678}},
                        std::chrono::hours{1}, "11111111-2222-3333-4444-555555555555"};
};

}  // namespace orders::test
