#include "api/order_admission.h"

#include <utility>

#include "shared/log/log.h"

namespace orders {
namespace {

constexpr std::chrono::seconds say_interval{10};

}  // namespace

void OrderAdmission::begin_group(const StoreLevel& level) {
    level_ = level;
}

std::optional<Refusal> OrderAdmission::admit(std::size_t orders) {
    const auto more = static_cast<std::int64_t>(orders);
    std::optional<Refusal> refusal;
    if (level_.free_bytes && *level_.free_bytes < limits_.min_free_bytes) {
        refusal = Refusal::disk_full;
    } else if (more > 0 && level_.pending + more > limits_.max_pending_orders) {
        refusal = Refusal::queue_full;
    }
    if (refusal) {
        note_refusal(*refusal, orders);
    } else {
        level_.pending += more;
    }
    return refusal;
}

void OrderAdmission::note_refusal(Refusal refusal, std::size_t orders) {
    refused_ += static_cast<std::int64_t>(orders);
    const auto now = std::chrono::steady_clock::now();
    if (said_at_ && now - *said_at_ < say_interval) return;
    said_at_ = now;
    log::warn("orders refused",
              {{"reason", refusal == Refusal::disk_full ? "disk-full" : "queue-full"},
               {"orders", std::exchange(refused_, 0)},
               {"pending", level_.pending},
               {"max_pending", limits_.max_pending_orders},
               {"free_bytes", level_.free_bytes.value_or(-1)},
               {"min_free_bytes", limits_.min_free_bytes}});
}

}  // namespace orders
