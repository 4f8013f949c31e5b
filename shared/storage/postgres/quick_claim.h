#pragma once

// The usual claim, of orders of one kind, High first: by one statement, so that it takes no trip of
// its own. It does all that a claim has to do, or nothing: what else there is to decide (orders
// that are too late, kinds that have come since) is for claims.h.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/domain/claim.h"
#include "shared/storage/postgres/queue_places.h"
#include "shared/storage/postgres/transaction.h"
#include "shared/storage/worker_store.h"

namespace orders::postgres {

struct KnownKind {
    std::int64_t id = 0;
    std::string name;
    friend bool operator==(const KnownKind&, const KnownKind&) = default;
};

class QuickClaim {
   public:
    // Empty if the request asks for more than this can do. The request must outlive it.
    [[nodiscard]] static std::optional<QuickClaim> of(const ClaimRequest& request,
                                                      const std::vector<KnownKind>& kinds);

    void send(Transaction& transaction, const QueuePlaces& places, WorkerId worker,
              std::chrono::milliseconds lease_time) const;

    struct Claimed {
        std::vector<ClaimedOrder> orders;
        bool is_cut_short = false;
        bool is_any_left = false;
    };
    // The result of that, once it is committed. Empty if nothing was done.
    [[nodiscard]] std::optional<Claimed> take(const Rows& rows, QueuePlaces& places) const;

    [[nodiscard]] const Kind& kind() const noexcept { return kind_; }

   private:
    QuickClaim(const ClaimRequest& request, KnownKind known, Kind kind);
    [[nodiscard]] ClaimedOrder order_from(const Rows& rows, std::size_t row) const;

    const ClaimRequest& request_;
    KnownKind known_;
    Kind kind_;
    bool takes_all_kinds_;
    std::size_t limit_;
};

}  // namespace orders::postgres
