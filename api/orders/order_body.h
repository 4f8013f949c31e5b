#pragma once

// How the bodies of requests hold what they are about, and what is said of one that does not.

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/http/field_error.h"

namespace orders {

// A body is one object, or an object with a list of them.
struct BodyShape {
    std::string_view list;      // the field that holds the list; empty if the body is one object
    std::string_view element;   // what people call one of the objects
    std::string_view verbatim;  // the field of each whose value is kept byte for byte

    [[nodiscard]] constexpr bool is_list() const noexcept { return !list.empty(); }
};
// {"order_id": ..., "payload": ...}
inline constexpr BodyShape one_order{.list = {}, .element = "order", .verbatim = "payload"};
// {"orders": [{"order_id": ..., "payload": ...}, ...]}
inline constexpr BodyShape list_of_orders{
    .list = "orders", .element = "order", .verbatim = "payload"};

inline constexpr std::size_t max_list_size = 1'000;

// The text is not JSON, or not of the shape that was asked for. `errors` names the field at fault
// if there is one.
struct MalformedBody {
    std::string detail;
    std::vector<FieldError> errors = {};
};

// A body as it was read: what it says, or what is wrong with its fields, or with it as a whole.
template <typename Parsed>
using ParsedBody = std::variant<Parsed, std::vector<FieldError>, MalformedBody>;

}  // namespace orders
