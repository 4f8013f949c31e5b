#pragma once

// Makes the parts of a report that come from the counters.

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "shared/storage/decisions/stored_status.h"
#include "shared/storage/order_reader.h"
#include "shared/storage/worker_store.h"

namespace orders {

// Belongs to the making of one report.
class ReportTally {
   public:
    // The report must outlive this.
    explicit ReportTally(OrderReport& report) : report_(report) {}

    // Each that the store knows, by its number there.
    void add_kind(std::int64_t id, const Kind& kind, bool is_paused);
    // So many orders there are. False if no such kind was added.
    [[nodiscard]] bool count(std::int64_t kind, Priority priority, StoredStatus status,
                             std::int64_t orders);
    // Since when the longest waiting order of one kind's queue waits, if there is one.
    void note_oldest(Priority priority, std::optional<UtcTime> since);
    // After all of these: whether a live worker takes the kind is the caller's to say.
    void finish(const std::function<bool(const Kind&)>& is_attended);

   private:
    struct OfKind {
        std::int64_t id = 0;
        KindReport report;
        bool has_orders = false;
        bool has_queued = false;
    };
    OrderReport& report_;
    std::vector<OfKind> kinds_;
};

// Whether the worker takes orders of the kind.
[[nodiscard]] bool takes(const WorkerDescription& worker, const Kind& kind);

}  // namespace orders
