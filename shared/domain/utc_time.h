#pragma once

// The time that people read: the wall clock's, in UTC, to the millisecond.
//
// Times in the store and in answers are the store's to give, so that all programs on it agree. What
// leases live by is the store's own affair (see shared/storage/worker_store.h).

#include <chrono>
#include <string>

namespace orders {

using UtcTime = std::chrono::sys_time<std::chrono::milliseconds>;

// RFC 3339 in UTC with milliseconds: 2026-11-22T13:04:05.678Z
[[nodiscard]] std::string to_rfc3339(UtcTime time);

}  // namespace orders
