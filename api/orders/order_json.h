#pragma once

// Orders as JSON, in both directions. Reading is strict about what the contract names and silent
// about what it does not: unknown fields are skipped, a field given twice is an error, and each
// error names its field. Reading takes one pass (two if the text has a number beyond a double),
// builds no tree, and its memory is bounded by the text's.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/http/field_error.h"
#include "shared/domain/order.h"
#include "shared/storage/intake_store.h"
#include "shared/storage/order_reader.h"

namespace orders {

// The text is not JSON, or not of the shape that was asked for. `errors` names the field at fault
// if there is one.
struct MalformedBody {
    std::string detail;
    std::vector<FieldError> errors = {};
};

// An object that is not a valid order: what is wrong, and its id if that was a text of sensible
// length.
struct InvalidOrder {
    std::vector<FieldError> errors;
    std::optional<std::string> order_id;
};

using ParsedOrder = std::variant<NewOrder, InvalidOrder>;

inline constexpr std::size_t max_batch_orders = 1'000;

// {"order_id": ..., "priority": ..., "processing_time": ...}
[[nodiscard]] std::variant<ParsedOrder, MalformedBody> parse_order(std::string_view text);

// {"orders": [ ... 1 to max_batch_orders orders ... ]}
[[nodiscard]] std::variant<std::vector<ParsedOrder>, MalformedBody> parse_batch(
    std::string_view text);

[[nodiscard]] std::string to_json(const Order& order);
[[nodiscard]] std::string to_json(const OrderPage& page);
[[nodiscard]] std::string to_json(const OrderReport& report);
// `outcomes` has one entry for each valid order among `parsed`, in their order.
[[nodiscard]] std::string to_json(const std::vector<ParsedOrder>& parsed,
                                  const std::vector<SubmitOutcome>& outcomes);

}  // namespace orders
