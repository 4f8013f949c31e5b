#pragma once

// How the domain's values are written in the database's columns. High, Normal are 0, 1; Pending,
// Processing, Processed, Failed are 0 to 3, which the partial indexes of migrations/ repeat. Times
// that people read are milliseconds since 1970.

#include <array>
#include <cstdint>
#include <optional>

#include "shared/domain/order.h"
#include "shared/storage/sqlite/connection.h"

namespace orders::sqlite {

[[nodiscard]] std::int64_t to_column(Priority priority) noexcept;
[[nodiscard]] std::int64_t to_column(OrderStatus status) noexcept;
[[nodiscard]] std::int64_t to_column(UtcTime time) noexcept;

// What is stored was valid when it was stored. Throw StoreError (damaged) if it is not now.
[[nodiscard]] Priority priority_from_column(std::int64_t value);
[[nodiscard]] OrderStatus status_from_column(std::int64_t value);
[[nodiscard]] UtcTime time_from_column(std::int64_t milliseconds) noexcept;
[[nodiscard]] std::optional<UtcTime> time_from_column(std::optional<std::int64_t> milliseconds);

// A number for each priority and status, by what stands in their columns.
using Counts = std::array<std::array<std::int64_t, 4>, 2>;
[[nodiscard]] std::int64_t& place_in(Counts& counts, std::int64_t priority, std::int64_t status);

// From the columns order_id, priority, processing_time, which stand side by side in the row;
// `first` is the number of the first. Throws StoreError (damaged), as above.
[[nodiscard]] OrderSpec spec_from_row(const Cursor& row, int first);

}  // namespace orders::sqlite
