#pragma once

// How the domain's values are written in the database's columns. High, Normal are 0, 1; the
// statuses are those of StoredStatus, which the partial indexes of migrations/ repeat. Times that
// people read are milliseconds since 1970.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/domain/endpoint_state.h"
#include "shared/domain/order.h"
#include "shared/storage/decisions/column_values.h"
#include "shared/storage/decisions/stored_status.h"
#include "shared/storage/sqlite/connection.h"

namespace orders::sqlite {

using orders::json_from_column;
using orders::priority_from_column;
using orders::time_from_column;
using orders::to_column;

// What is stored was valid when it was stored. Throws StoreError (damaged) if it is not now.
[[nodiscard]] StoredStatus status_from_column(std::int64_t value);

// Of the columns order_id, priority, processing_time, which stand side by side in the row; `first`
// is the number of the first. The kind and what order_inputs has are the caller's to add. Throws
// StoreError (damaged), as above.
[[nodiscard]] OrderSpec spec_from_row(const Cursor& row, int first);

// Of the columns timeout_seconds, max_attempts, backoff_seconds of order_inputs, side by side.
[[nodiscard]] AttemptOptions options_from_row(const Cursor& row, int first);

// workers.kinds. The second throws StoreError (damaged).
[[nodiscard]] std::optional<std::string> kinds_to_column(
    const std::optional<std::vector<Kind>>& kinds);
[[nodiscard]] std::optional<std::vector<Kind>> kinds_from_column(
    const std::optional<std::string>& text);

// The same for workers.endpoints.
[[nodiscard]] std::optional<std::string> endpoints_to_column(
    const std::vector<EndpointState>& endpoints);
[[nodiscard]] std::vector<EndpointState> endpoints_from_column(
    const std::optional<std::string>& text);

}  // namespace orders::sqlite
