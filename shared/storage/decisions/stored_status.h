#pragma once

// The statuses as stores tell them apart: what is Pending is in the queue, or waits for its time.
// The numbers are those in the database.

#include <cstdint>

#include "shared/domain/order.h"

namespace orders {

enum class StoredStatus : std::int64_t {
    queued = 0,
    processing = 1,
    processed = 2,
    failed = 3,
    cancelled = 4,
    waiting = 5,
};
inline constexpr StoredStatus all_stored_statuses[] = {
    StoredStatus::queued, StoredStatus::processing, StoredStatus::processed,
    StoredStatus::failed, StoredStatus::cancelled,  StoredStatus::waiting};

[[nodiscard]] constexpr OrderStatus to_status(StoredStatus status) noexcept {
    return status == StoredStatus::waiting ? OrderStatus::pending
                                           : static_cast<OrderStatus>(status);
}

}  // namespace orders
