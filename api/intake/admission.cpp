#include "api/intake/admission.h"

#include <chrono>
#include <utility>

#include "shared/log/log.h"

namespace orders {
namespace {

constexpr std::chrono::seconds log_interval{10};

}  // namespace

std::optional<Refusal> OrderAdmission::refusal_of(std::size_t orders, const StoreLevel& level,
                                                  std::size_t in_group) {
    log_if_due();
    level_ = level;
    if (level.free_bytes && *level.free_bytes < limits_.min_free_bytes) return Refusal::disk_full;
    const std::int64_t pending = level.pending + static_cast<std::int64_t>(in_group);
    const auto more = static_cast<std::int64_t>(orders);
    if (more > 0 && pending > 0 && pending + more > limits_.max_pending_orders) {
        return Refusal::queue_full;
    }
    return std::nullopt;
}

void OrderAdmission::note_refused(std::size_t orders, Refusal refusal) {
    refused_ += orders;
    reason_ = refusal;
    log_if_due();
}

void OrderAdmission::log_if_due() {
    if (refused_ == 0) return;
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now < next_log_) return;
    next_log_ = now + log_interval;
    log::warn("orders refused",
              {{"reason", reason_ == Refusal::disk_full ? "disk-full" : "queue-full"},
               {"orders", std::exchange(refused_, 0)},
               {"pending", level_.pending},
               {"max_pending", limits_.max_pending_orders},
               {"free_bytes", level_.free_bytes.value_or(-1)},
               {"min_free_bytes", limits_.min_free_bytes}});
}

}  // namespace orders
