#pragma once

// How many clients may wait for something at a time, whatever it is that they wait for: one bound
// for all, so that enough connections are left for the others.
//
// Any thread may call it. It must outlive the places that it has given.

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

namespace orders {

class WaitingPlaces {
   public:
    explicit WaitingPlaces(std::size_t most) noexcept : most_(most) {}

    // One client's, given back when it is destroyed.
    class Place {
       public:
        explicit Place(std::atomic<std::size_t>& taken) noexcept : taken_(&taken) {}
        Place(Place&& other) noexcept : taken_(std::exchange(other.taken_, nullptr)) {}
        Place& operator=(Place&&) = delete;
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place() {
            if (taken_ != nullptr) --*taken_;
        }

       private:
        std::atomic<std::size_t>* taken_;  // null once moved from
    };

    // Empty if there is none left.
    [[nodiscard]] std::optional<Place> take() noexcept {
        if (taken_++ < most_) return std::optional<Place>(std::in_place, taken_);
        --taken_;
        return std::nullopt;
    }

    // Maybe with some that are being refused.
    [[nodiscard]] std::size_t taken() const noexcept { return taken_; }

   private:
    const std::size_t most_;
    std::atomic<std::size_t> taken_ = 0;
};

}  // namespace orders
