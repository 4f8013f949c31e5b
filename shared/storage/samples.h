#pragma once

// How the store stood at moments ten seconds apart, during the last day: what plots over time are
// made of. They are kept in the store, so that they outlive every process and are the same
// whichever API is asked, and are taken by whoever keeps house first (housekeeping_store.h). While
// nobody does, there are none.

#include <chrono>
#include <cstdint>
#include <vector>

#include "shared/domain/utc_time.h"

namespace orders {

struct StoreFigures;

inline constexpr std::chrono::seconds sample_interval{10};
inline constexpr std::int64_t kept_samples = 8'640;  // a day

struct Sample {
    // Of the interval at whose beginning it was taken, counted from 1970.
    std::int64_t number = 0;
    // Since the store was made: what they have grown by is what came in between.
    std::int64_t created = 0;
    std::int64_t processed = 0;
    std::int64_t failed = 0;
    std::int64_t cancelled = 0;
    // As of then.
    std::int64_t pending_high = 0;  // those that wait for a time included, as everywhere
    std::int64_t pending_normal = 0;
    std::int64_t processing = 0;
    std::chrono::milliseconds oldest_high{0};  // 0 if none waits
    std::chrono::milliseconds oldest_normal{0};

    friend bool operator==(const Sample&, const Sample&) = default;
};

struct SampleHistory {
    UtcTime taken_at;             // by the store's clock
    std::vector<Sample> samples;  // oldest first; missing ones are left out
};

[[nodiscard]] constexpr std::int64_t sample_number(UtcTime time) noexcept {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch() / sample_interval;
}

// The sample that is due when the figures were read.
[[nodiscard]] Sample sample_of(const StoreFigures& figures);

}  // namespace orders
