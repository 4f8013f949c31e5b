#include "api/intake/admission.h"

#include <utility>

#include "shared/log/log.h"

namespace orders {

std::optional<Refusal> OrderAdmission::refusal_of(std::size_t orders, const StoreLevel& level,
                                                  std::size_t in_group) {
    log_refused_if_due();
    note_level(level);
    if (is_room_short_) return Refusal::disk_full;
    const std::int64_t pending = level.pending + static_cast<std::int64_t>(in_group);
    const auto more = static_cast<std::int64_t>(orders);
    if (more > 0 && pending > 0 && pending + more > limits_.max_pending_orders) {
        return Refusal::queue_full;
    }
    return std::nullopt;
}

void OrderAdmission::note_level(const StoreLevel& level) {
    level_ = level;
    const bool is_short = level.free_bytes && *level.free_bytes < limits_.min_free_bytes;
    const bool was_short = std::exchange(is_room_short_, is_short);
    if (is_short && !was_short) shortages_.count();
    if (!is_short || !shortages_.take_due()) return;
    log::warn("too little room on the disk: orders are refused",
              {{"free_bytes", level.free_bytes.value_or(-1)},
               {"min_free_bytes", limits_.min_free_bytes}});
}

void OrderAdmission::note_refused(std::size_t orders, Refusal refusal) {
    refused_.count(orders);
    reason_ = refusal;
    log_refused_if_due();
}

void OrderAdmission::log_refused_if_due() {
    const auto orders = refused_.take_due();
    if (!orders) return;
    log::warn("orders refused",
              {{"reason", reason_ == Refusal::disk_full ? "disk-full" : "queue-full"},
               {"orders", *orders},
               {"pending", level_.pending},
               {"max_pending", limits_.max_pending_orders},
               {"free_bytes", level_.free_bytes.value_or(-1)},
               {"min_free_bytes", limits_.min_free_bytes}});
}

}  // namespace orders
