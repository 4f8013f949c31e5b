#pragma once

// What a process measures of its work: how its parts get on with the store, and how orders fared
// that it has handed out.
//
// For any thread.

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "shared/metrics/bounds.h"
#include "shared/metrics/figures.h"
#include "shared/metrics/instruments.h"
#include "shared/os/mutex.h"

namespace orders {

// A part of a process that writes to the store.
struct RoleFigures {
    // How many a transaction created, moved on or deleted.
    void note_orders(std::size_t orders) noexcept {
        if (orders > 0) groups.observe(static_cast<double>(orders));
    }

    Histogram commits{metric::latency_bounds};     // transactions, from their begin until on disk
    Histogram groups{metric::group_bounds};        // their orders, of those that had any
    Histogram turn_waits{metric::latency_bounds};  // for its turn among all writers
};

// Of one opened storage; in the order of label::store_roles.
struct StoreWork {
    RoleFigures intake;
    RoleFigures dispatcher;
    RoleFigures maintenance;

    void add_to(Figures& figures) const;
};

// With each of these begin the names, in Figures::as_text(), of some numbers that belong to the
// kind; no others do.
[[nodiscard]] std::array<std::string, 2> beginnings_of_kind(std::string_view kind);

// In the order of label::webhook_results.
enum class WebhookResult { success, redirect, refused, failed, timeout, unreachable, tls };

class WorkFigures {
   public:
    // In the order of label::priorities.
    void note_claimed(std::size_t priority, SteadyTime::duration waited) noexcept {
        queue_waits_.at(priority).observe(waited);
    }
    void note_settled(const std::string& kind, SteadyTime::duration in_work);
    void note_late_result() noexcept { late_results_.add(); }
    void note_webhook(const std::string& kind, WebhookResult result);

    void add_to(Figures& figures) const;

   private:
    static constexpr std::size_t webhook_results = 7;
    using Results = std::array<Counter, webhook_results>;

    std::array<Histogram, 2> queue_waits_{Histogram(metric::waiting_bounds),
                                          Histogram(metric::waiting_bounds)};
    Counter late_results_;

    mutable Mutex mutex_;
    std::map<std::string, Histogram> in_work_ GUARDED_BY(mutex_);  // by kind
    std::map<std::string, Results> webhooks_ GUARDED_BY(mutex_);
};

}  // namespace orders
