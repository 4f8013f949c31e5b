#include "api/intake/admission.h"

#include <utility>

#include "shared/log/log.h"

namespace orders {
namespace {

constexpr std::chrono::seconds say_interval{10};

}  // namespace

void OrderAdmission::begin_group(const StoreLevel& level) {
    say_if_due();
    level_ = level;
}

std::optional<Refusal> OrderAdmission::refusal_of(std::size_t orders) const {
    if (level_.free_bytes && *level_.free_bytes < limits_.min_free_bytes) {
        return Refusal::disk_full;
    }
    const auto more = static_cast<std::int64_t>(orders);
    if (more > 0 && level_.pending > 0 && level_.pending + more > limits_.max_pending_orders) {
        return Refusal::queue_full;
    }
    return std::nullopt;
}

void OrderAdmission::note_created(std::size_t orders) {
    level_.pending += static_cast<std::int64_t>(orders);
}

void OrderAdmission::note_refused(std::size_t orders, Refusal refusal) {
    refused_ += orders;
    reason_ = refusal;
    say_if_due();
}

void OrderAdmission::say_if_due() {
    const auto now = std::chrono::steady_clock::now();
    if (refused_ == 0 || now < next_say_) return;
    next_say_ = now + say_interval;
    log::warn("orders refused",
              {{"reason", reason_ == Refusal::disk_full ? "disk-full" : "queue-full"},
               {"orders", std::exchange(refused_, 0)},
               {"pending", level_.pending},
               {"max_pending", limits_.max_pending_orders},
               {"free_bytes", level_.free_bytes.value_or(-1)},
               {"min_free_bytes", limits_.min_free_bytes}});
}

}  // namespace orders
