#pragma once

// What stores count that only grows. They count orders when they leave an end, and attempts when
// they do not end well: creating, claiming and processing an order counts nothing more than where
// orders stand. How many were ever created, or Processed, follows from both (report_tally.h).

#include <cstdint>
#include <string_view>

#include "shared/domain/claim.h"
#include "shared/domain/order.h"
#include "shared/storage/decisions/stored_status.h"

namespace orders {

// The numbers are those in the database, behind the ones that statuses have there.
enum class Total : std::int64_t {
    // By kind and priority: deleted, or brought back by a retry, out of each end.
    deleted_processed = 8,
    deleted_failed = 9,
    deleted_cancelled = 10,
    retried_failed = 11,
    retried_cancelled = 12,
    // The same: those that came from another priority, less those that went to it.
    reprioritised = 13,
    // By kind: why orders were Failed, in the order of label::failure_reasons.
    failed_for_first = 16,
    failed_for_last = 23,
    // By kind: how attempts ended that did not end with a result.
    attempts_failed = 24,
    attempts_to_retry = 25,
    attempts_expired = 26,
    attempts_released = 27,
    attempts_cancelled = 28,
    // Of all orders.
    deleted = 29,
    cancels = 30,
    retries = 31,
};

// Of an end.
[[nodiscard]] Total deleted_from(StoredStatus status);
[[nodiscard]] Total retried_from(StoredStatus status);

[[nodiscard]] Total failed_for(std::string_view reason);
// How an attempt ended of whose order this is the reason to be Failed.
[[nodiscard]] Total ended_by(std::string_view reason);
// Of an attempt that did not end its order: to be tried again, lease expired, or released.
[[nodiscard]] Total ended_with(PastAttempt::Outcome outcome);

}  // namespace orders
