#pragma once

// The query of a request for orders, as text: what a list of them is to show, and how long an
// answer may wait.

#include <chrono>
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

// How long the answer about one order may wait for its end; none unless `wait_seconds` says so.
// Other parameters are passed over.
inline constexpr std::chrono::seconds longest_wait{50};
[[nodiscard]] std::variant<std::chrono::seconds, std::vector<FieldError>> parse_wait(
    const std::vector<std::pair<std::string, std::string>>& given);

}  // namespace orders
