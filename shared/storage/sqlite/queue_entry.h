#pragma once

// How an order gets into the queue: at once, or at its time.

#include <cstdint>

#include "shared/domain/order.h"
#include "shared/storage/sqlite/columns.h"
#include "shared/storage/sqlite/write_access.h"

namespace orders::sqlite {

// orders.place while the order waits for its time.
inline constexpr std::int64_t no_place = 0;

// What the columns of an order become that did not arrive just now.
struct QueueEntry {
    StoredStatus status{};
    UtcTime due_at;
    std::int64_t place = no_place;
};

// At the end of the queue, unless its time is still to come.
[[nodiscard]] inline QueueEntry enter_queue(UtcTime due, UtcTime now, WriteTransaction& work) {
    if (due > now) return {StoredStatus::waiting, due, no_place};
    return {StoredStatus::queued, now, work.take_place()};
}

}  // namespace orders::sqlite
