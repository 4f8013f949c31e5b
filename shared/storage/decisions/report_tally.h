#pragma once

// Makes the parts of a report that come from the counters, and what there is for the metrics
// besides.

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "shared/storage/decisions/order_totals.h"
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
    // Since when the longest waiting order of a queue waits, if there is one; after add_kind().
    void note_oldest(std::int64_t kind, Priority priority, std::optional<UtcTime> since);
    // After all of these: whether a live worker takes the kind is the caller's to say.
    void finish(const std::function<bool(const Kind&)>& is_attended);

    // What was counted besides. False as from count(), or if there is no such total.
    [[nodiscard]] bool add_total(Total total, std::int64_t kind, Priority priority,
                                 std::int64_t number);
    // Once all has been counted: `default` first, then by name.
    [[nodiscard]] std::vector<KindFigures> kinds() const;
    [[nodiscard]] const ActionTotals& actions() const noexcept { return actions_; }

   private:
    struct OfKind {
        std::int64_t id = 0;
        KindReport report;
        KindFigures figures;
        bool has_orders = false;
        bool has_queued = false;
    };
    [[nodiscard]] OfKind* find(std::int64_t kind);

    OrderReport& report_;
    ActionTotals actions_;
    std::vector<OfKind> kinds_;
};

// Whether the worker takes orders of the kind.
[[nodiscard]] bool takes(const WorkerDescription& worker, const Kind& kind);

}  // namespace orders
