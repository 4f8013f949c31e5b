#pragma once

// Text that every backend can keep: PostgreSQL keeps none with a character NUL in it, and nothing
// that is not UTF-8. What people read is told apart from that by U+FFFD.

#include <string>
#include <string_view>

namespace orders {

[[nodiscard]] std::string storable(std::string_view text);

}  // namespace orders
