#pragma once

// Orders read from JSON. Strict about what the contract names and silent about what it does not:
// unknown fields are skipped, a field given twice is an error, and each error names its field. A
// payload is kept byte for byte (payload_extraction.h). The memory that it takes is bounded by the
// text's.
//
// Pure functions, for any thread.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/http/field_error.h"
#include "api/orders/order_body.h"
#include "shared/domain/order.h"

namespace orders {

// An object that is not a valid order: what is wrong, and its id if that was a text of sensible
// length.
struct InvalidOrder {
    std::vector<FieldError> errors;
    std::optional<std::string> order_id;
};

using ParsedOrder = std::variant<NewOrder, InvalidOrder>;

inline constexpr std::size_t default_max_payload_bytes = 65'536;

// {"order_id": ..., "priority": ..., "payload": ...}: api/HTTP.md has all fields and their rules. A
// payload of more than `max_payload_bytes` makes its order invalid.
[[nodiscard]] std::variant<ParsedOrder, MalformedBody> parse_order(
    std::string_view text, std::size_t max_payload_bytes = default_max_payload_bytes);

// {"orders": [ ... 1 to max_list_size orders ... ]}
[[nodiscard]] std::variant<std::vector<ParsedOrder>, MalformedBody> parse_batch(
    std::string_view text, std::size_t max_payload_bytes = default_max_payload_bytes);

}  // namespace orders
