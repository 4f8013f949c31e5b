#pragma once

// Admission control: whether the store may take in more orders. Refuses orders that would wait too
// long behind those that are Pending already, and all orders while the disk has little room, so
// that orders that were accepted can still be claimed, settled and checkpointed: that needs room
// too, and an order that cannot be settled is processed again and again.
//
// Logs that it refuses orders, how many of them, and that the disk has come to have too little
// room, whether or not anybody sends orders: each at most every ten seconds. Belongs to one thread.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "api/intake/refusal.h"
#include "shared/log/log_pace.h"
#include "shared/storage/intake_store.h"

namespace orders {

struct AdmissionLimits {
    // Orders that may be Pending. A request is taken whole or not at all; if nothing is Pending, it
    // is taken however large it is.
    //
    // The bound is as exact as StoreLevel::pending: what other intakes create within the second
    // that a level may be old can exceed it. It errs the other way by the duplicates in a group:
    // they add nothing to what is Pending, but count as if they did until the group is stored.
    std::int64_t max_pending_orders = 1'000'000;
    // The write-ahead log may grow to 64 MiB between checkpoints, and a checkpoint can make the
    // database grow by as much again.
    std::int64_t min_free_bytes = 128LL * 1024 * 1024;
};

class OrderAdmission {
   public:
    explicit OrderAdmission(const AdmissionLimits& limits) : limits_(limits) {}

    // Why `orders` more may not join a group that is to create `in_group` already; empty if they
    // may. With no orders: whether the store may be written to at all. `level` is the store's
    // without the group.
    [[nodiscard]] std::optional<Refusal> refusal_of(std::size_t orders, const StoreLevel& level,
                                                    std::size_t in_group);

    // Counts orders that were refused, for the log.
    void note_refused(std::size_t orders, Refusal refusal);

   private:
    void note_level(const StoreLevel& level);
    void log_refused_if_due();

    const AdmissionLimits limits_;
    StoreLevel level_;  // the last one
    bool is_room_short_ = false;
    log::LogPace shortages_;
    log::LogPace refused_;
    Refusal reason_ = Refusal::queue_full;  // of the last that was refused
};

}  // namespace orders
