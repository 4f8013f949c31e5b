#pragma once

// How many new orders were refused, by why; for whoever reports on it (shared/metrics).
//
// For any thread.

#include <array>
#include <cstddef>
#include <cstdint>

#include "api/intake/refusal.h"
#include "shared/metrics/instruments.h"
#include "shared/storage/intake_store.h"

namespace orders {

class RefusedOrders {
   public:
    // In the order of label::refusals.
    enum class Reason {
        queue_full,
        disk_full,
        busy,
        store_damaged,
        stopping,
        duplicate,
        invalid,
        outcome_unknown
    };
    static constexpr std::size_t reasons = 8;

    void note(Reason reason, std::size_t orders = 1) noexcept {
        counters_[static_cast<std::size_t>(reason)].add(orders);
    }
    void note(Refusal refusal, std::size_t orders = 1) noexcept {
        note(reason_of(refusal), orders);
    }
    // If it was.
    void note(const SubmitOutcome& outcome) noexcept {
        if (std::holds_alternative<TooManyKinds>(outcome)) return note(Reason::invalid);
        const auto* const taken = std::get_if<IdTaken>(&outcome);
        if (taken != nullptr && !taken->is_same_content.value_or(false)) note(Reason::duplicate);
    }

    [[nodiscard]] const std::array<Counter, reasons>& counters() const noexcept {
        return counters_;
    }

   private:
    [[nodiscard]] static constexpr Reason reason_of(Refusal refusal) noexcept {
        switch (refusal) {
            case Refusal::overloaded:
                return Reason::busy;
            case Refusal::queue_full:
                return Reason::queue_full;
            case Refusal::disk_full:
                return Reason::disk_full;
            case Refusal::store_damaged:
                return Reason::store_damaged;
            case Refusal::stopping:
                return Reason::stopping;
            case Refusal::outcome_unknown:
                break;
        }
        return Reason::outcome_unknown;
    }

    std::array<Counter, reasons> counters_;
};

}  // namespace orders
