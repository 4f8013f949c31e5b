#pragma once

// What protocols and settings mean by letters, blanks and numbers: ASCII, whatever the locale. (The
// functions of <cctype> ask the locale, and an order id or a header must mean the same everywhere.)

#include <algorithm>
#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>

namespace orders::ascii {

[[nodiscard]] constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

[[nodiscard]] constexpr char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

[[nodiscard]] constexpr bool is_letter(char c) noexcept {
    return to_lower(c) >= 'a' && to_lower(c) <= 'z';
}

[[nodiscard]] constexpr bool is_letter_or_digit(char c) noexcept {
    return is_letter(c) || is_digit(c);
}

[[nodiscard]] constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return to_lower(x) == to_lower(y); });
}

// What separates words in a line: blank and tab (OWS in RFC 9110, section 5.6.3).
inline constexpr std::string_view blanks = " \t";
// The same and all that ends a line.
inline constexpr std::string_view white_space = " \t\r\n\v\f";

// Without the characters of `unwanted` at either end.
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text,
                                                 std::string_view unwanted = blanks) noexcept {
    const std::size_t first = text.find_first_not_of(unwanted);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(unwanted) - first + 1);
}

// The number that the whole text spells, in decimal digits, with a minus in front if Integer has a
// sign; empty for any other text, and for a number outside [min, max].
template <std::integral Integer>
[[nodiscard]] std::optional<Integer> parse_whole_number(std::string_view text, Integer min,
                                                        Integer max) noexcept {
    Integer number{};
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || rest != end || number < min || number > max) return std::nullopt;
    return number;
}

}  // namespace orders::ascii
