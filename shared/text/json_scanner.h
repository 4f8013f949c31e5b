#pragma once

// Finds where a JSON value ends and whether it keeps to RFC 8259, without building anything of it.
// Numbers may be of any magnitude, texts must be valid UTF-8 and surrogates come in pairs, so that
// whoever reads the value later can. One pass, no recursion, no allocation.
//
// Pure functions, for any thread.

#include <cstddef>
#include <optional>
#include <string_view>

namespace orders {

// How many objects and lists may stand inside each other: [[1]] is nested two levels deep.
inline constexpr std::size_t max_json_levels = 128;

// What is wrong with a value, as the end of a sentence that begins with the value's name, such as
// "has a lone surrogate".
struct JsonFault {
    std::size_t position;  // in the text that was scanned, from 0
    const char* reason;    // a literal
};

struct JsonScan {
    // Behind the last byte of the value. Empty if the syntax is broken, so that nobody can tell.
    std::optional<std::size_t> end;
    // Empty if the value is valid. A value whose end is known may have a fault nevertheless: it is
    // nested too deep, or a text in it has wrong bytes or escapes.
    std::optional<JsonFault> fault;
};

// Scans the value that begins at `begin`, where no white space may stand. What follows the value is
// not looked at: in "01" there is the value 0, which ends at 1.
[[nodiscard]] JsonScan scan_json_value(std::string_view text, std::size_t begin) noexcept;

// Whether the whole text is one valid JSON value, with white space around it or without.
[[nodiscard]] bool is_json(std::string_view text) noexcept;

// The place of the first character from `at` on that is no white space; the text's size if there is
// none.
[[nodiscard]] std::size_t skip_json_white_space(std::string_view text, std::size_t at) noexcept;

// Behind the closing quote of the string whose opening quote stands at `begin`; the text's size if
// it is never closed. What stands between them is not checked.
[[nodiscard]] std::size_t skip_json_string(std::string_view text, std::size_t begin) noexcept;

}  // namespace orders
