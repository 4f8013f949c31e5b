#pragma once

// What a process counts and measures about itself, to be read by whoever reports on it
// (catalogue.h says what there is). They are in the way of every order, so each is a few relaxed
// atomic additions and no lock: a reader may see a value a moment before what belongs to it.
//
// For any thread.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "shared/os/steady_time.h"

namespace orders {

// Only grows.
class Counter {
   public:
    void add(std::uint64_t number = 1) noexcept {
        value_.fetch_add(number, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t value() const noexcept {
        return value_.load(std::memory_order_relaxed);
    }

   private:
    std::atomic<std::uint64_t> value_ = 0;
};

// How many there are now.
class Level {
   public:
    void add(std::int64_t change) noexcept { value_.fetch_add(change, std::memory_order_relaxed); }
    [[nodiscard]] std::int64_t value() const noexcept {
        return value_.load(std::memory_order_relaxed);
    }

   private:
    std::atomic<std::int64_t> value_ = 0;
};

// What a Histogram has seen: how many values fell into each bucket, of which the last one is for
// those above all bounds; and the sum of all.
struct Distribution {
    std::vector<std::uint64_t> buckets;
    double sum = 0;

    Distribution& operator+=(const Distribution& other) {
        buckets.resize(std::max(buckets.size(), other.buckets.size()));
        for (std::size_t at = 0; at < other.buckets.size(); ++at) buckets[at] += other.buckets[at];
        sum += other.sum;
        return *this;
    }
};

class Histogram {
   public:
    // The bounds ascend; a value belongs to the first that is not below it. They must outlive this.
    explicit Histogram(std::span<const double> bounds)
        : bounds_(bounds), buckets_(bounds.size() + 1) {}

    // The value was seen so many times.
    void observe(double value, std::uint64_t times = 1) noexcept {
        const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value);
        buckets_[static_cast<std::size_t>(bound - bounds_.begin())].fetch_add(
            times, std::memory_order_relaxed);
        sum_.fetch_add(value * static_cast<double>(times), std::memory_order_relaxed);
    }
    void observe(SteadyTime::duration time) noexcept {
        observe(std::chrono::duration<double>(time).count());
    }

    [[nodiscard]] Distribution seen() const {
        Distribution seen;
        seen.buckets.reserve(buckets_.size());
        for (const auto& bucket : buckets_) {
            seen.buckets.push_back(bucket.load(std::memory_order_relaxed));
        }
        seen.sum = sum_.load(std::memory_order_relaxed);
        return seen;
    }

   private:
    const std::span<const double> bounds_;
    std::vector<std::atomic<std::uint64_t>> buckets_;
    std::atomic<double> sum_ = 0;
};

}  // namespace orders
