#pragma once

// What databases keep of an order's simplest parts, the same in each of them: numbers for
// priorities and statuses, milliseconds since 1970 for times, a JSON value's own text.

#include <cstdint>
#include <optional>
#include <string>

#include "shared/domain/json_text.h"
#include "shared/domain/order.h"
#include "shared/domain/utc_time.h"
#include "shared/storage/decisions/stored_status.h"

namespace orders {

[[nodiscard]] std::int64_t to_column(Priority priority) noexcept;
[[nodiscard]] std::int64_t to_column(StoredStatus status) noexcept;
[[nodiscard]] std::int64_t to_column(UtcTime time) noexcept;
[[nodiscard]] std::optional<std::int64_t> to_column(const std::optional<UtcTime>& time) noexcept;

[[nodiscard]] Priority priority_from_column(std::int64_t value);
[[nodiscard]] UtcTime time_from_column(std::int64_t milliseconds) noexcept;
[[nodiscard]] std::optional<UtcTime> time_from_column(std::optional<std::int64_t> milliseconds);
// Null for NULL.
[[nodiscard]] JsonText json_from_column(const std::optional<std::string>& text);

// The traceparent, and behind a blank the tracestate if there is one; NULL for none.
[[nodiscard]] std::optional<std::string> to_column(const Trace& trace);
// Null for NULL, and for what is none.
[[nodiscard]] Trace trace_from_column(const std::optional<std::string>& text);

}  // namespace orders
