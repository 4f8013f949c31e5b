#pragma once

// The query of a list of orders, as text: status, priority, limit and cursor.

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "api/http/field_error.h"
#include "shared/storage/order_reader.h"

namespace orders {

// A known parameter whose value is empty counts as not given. Every parameter at fault is named: an
// unknown one, one that is given twice, a value that does not fit.
[[nodiscard]] std::variant<OrderQuery, std::vector<FieldError>> parse_query(
    const std::vector<std::pair<std::string, std::string>>& given);

}  // namespace orders
