#pragma once

// Admission control: whether the store may take in more orders. Refused are orders that would wait
// for too long behind those that are Pending already, and all orders while the disk has little
// room, so that what was accepted can still be claimed, settled and checkpointed: these need room
// too, and an order that cannot be settled is processed again and again.
//
// Says in the log that it refuses, and every ten seconds how many it has refused since. Belongs to
// one thread.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "api/refusal.h"
#include "shared/storage/order_store.h"

namespace orders {

struct AdmissionLimits {
    // Orders that may be Pending. (Several APIs on one store each look before they add.)
    std::int64_t max_pending_orders = 1'000'000;
    // The write-ahead log may grow to 64 MiB between checkpoints, and a checkpoint can make the
    // database as much longer.
    std::int64_t min_free_bytes = 128LL * 1024 * 1024;
};

class OrderAdmission {
   public:
    explicit OrderAdmission(const AdmissionLimits& limits) : limits_(limits) {}

    // To be told at the beginning of each group.
    void begin_group(const StoreLevel& level);

    // Whether so many more orders may be taken into the group; they count from then on. With none,
    // whether the store may be written to at all.
    [[nodiscard]] std::optional<Refusal> admit(std::size_t orders);

   private:
    void note_refusal(Refusal refusal, std::size_t orders);

    const AdmissionLimits limits_;
    StoreLevel level_;
    std::int64_t refused_ = 0;  // and not yet said
    std::optional<std::chrono::steady_clock::time_point> said_at_;
};

}  // namespace orders
