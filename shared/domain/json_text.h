#pragma once

// One JSON value as the bytes in which it was sent, kept and given back as they are: nothing is
// parsed again, so numbers beyond a double, the order of keys and doubled keys survive. Whoever
// makes one has found it to be valid JSON (shared/text/json_scanner.h). Null for no value at all,
// which is not the value `null`.

#include <memory>
#include <string>
#include <string_view>

namespace orders {

// Shared, because an order is copied on its way and its payload may be large.
using JsonText = std::shared_ptr<const std::string>;

[[nodiscard]] inline JsonText json_text(std::string_view text) {
    return std::make_shared<const std::string>(text);
}

// Whether both have the same bytes, or neither has any.
[[nodiscard]] inline bool is_same_text(const JsonText& one, const JsonText& other) noexcept {
    return one == other || (one && other && *one == *other);
}

}  // namespace orders
