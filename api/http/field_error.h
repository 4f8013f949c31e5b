#pragma once

#include <string>

namespace orders {

// One field of a request that is at fault. `field` is empty if it is the request as a whole.
struct FieldError {
    std::string field;
    std::string detail;
    friend bool operator==(const FieldError&, const FieldError&) = default;
};

}  // namespace orders
