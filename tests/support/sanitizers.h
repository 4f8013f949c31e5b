// What the tests are built with, for the few that cannot hold under a sanitizer.

#pragma once

#include <string_view>

namespace orders::test {

inline constexpr std::string_view sanitizers = ORDERS_SANITIZE;
inline constexpr bool is_sanitized = !sanitizers.empty();

// It needs descriptors of its own, to look at memory and to name what it has found.
inline constexpr bool has_address_sanitizer = sanitizers.find("address") != std::string_view::npos;

}  // namespace orders::test
