#pragma once

// Admission control: whether the store may take in more orders. Refused are orders that would wait
// for too long behind those that are Pending already, and all orders while the disk has little
// room, so that what was accepted can still be claimed, settled and checkpointed: these need room
// too, and an order that cannot be settled is processed again and again.
//
// Says in the log that it refuses, and at most every ten seconds how many it has refused since.
// Belongs to one thread.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "api/intake/refusal.h"
#include "shared/storage/order_store.h"

namespace orders {

struct AdmissionLimits {
    // Orders that may be Pending. A request is taken whole or not at all; where nothing is Pending,
    // it is taken however large it is.
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

    // Why so many more orders may not be taken into the group; empty where they may. With none of
    // them: whether the store may be written to at all.
    [[nodiscard]] std::optional<Refusal> refusal_of(std::size_t orders) const;

    // What became of them: they count against the bound, or for the log.
    void note_created(std::size_t orders);
    void note_refused(std::size_t orders, Refusal refusal);

   private:
    void say_if_due();

    const AdmissionLimits limits_;
    StoreLevel level_;
    // Refused, and not yet said.
    std::size_t refused_ = 0;
    Refusal reason_ = Refusal::queue_full;
    std::chrono::steady_clock::time_point next_say_{};
};

}  // namespace orders
