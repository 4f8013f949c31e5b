#pragma once

// What numbers in JSON mean, which has one type for all of them (RFC 8259, section 6).
//
// Pure functions, for any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace orders {

// The number as an integer; empty if it has a fraction, or is so large that a double skips
// integers. Some languages write every number with a point or an exponent, 1 as 1.0 or 1e0.
[[nodiscard]] std::optional<std::int64_t> whole_number(double number) noexcept;

// The text with 0.1, spelled in as many characters, in the place of each number that a double
// cannot hold, such as 1e400: that is valid, but the parser would refuse the whole text. No field
// that takes a number takes a fraction, so the one is refused as the other would be. All else stays
// as it is, and so the new text is JSON if the old one is, and what is wrong with it is wrong at
// the same place.
[[nodiscard]] std::string without_huge_numbers(std::string_view text);

}  // namespace orders
