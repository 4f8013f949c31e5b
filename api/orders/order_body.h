#pragma once

// How the bodies of requests hold orders, and what is said of one that does not.

#include <cstddef>
#include <string>
#include <vector>

#include "api/http/field_error.h"

namespace orders {

enum class BodyShape {
    one_object,      // {"order_id": ..., ...}
    list_of_orders,  // {"orders": [{"order_id": ..., ...}, ...]}
};

inline constexpr std::size_t max_batch_orders = 1'000;

// The text is not JSON, or not of the shape that was asked for. `errors` names the field at fault
// if there is one.
struct MalformedBody {
    std::string detail;
    std::vector<FieldError> errors = {};
};

}  // namespace orders
