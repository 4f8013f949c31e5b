#include "api/orders/json_numbers.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <system_error>

#include "shared/text/ascii.h"
#include "shared/text/json_scanner.h"

namespace orders {
namespace {

std::size_t digits_at(std::string_view text, std::size_t begin) {
    std::size_t end = begin;
    while (end < text.size() && ascii::is_digit(text[end])) ++end;
    return end - begin;
}

bool is_any_of(std::string_view text, std::size_t at, std::string_view characters) {
    return at < text.size() && characters.find(text[at]) != std::string_view::npos;
}

// How long the longest JSON number is that the text begins with; 0 if it begins with none.
std::size_t number_length(std::string_view text) {
    std::size_t length = text.starts_with('-') ? 1 : 0;
    const std::size_t digits = is_any_of(text, length, "0") ? 1 : digits_at(text, length);
    if (digits == 0) return 0;
    length += digits;
    if (is_any_of(text, length, ".")) {
        const std::size_t fraction = digits_at(text, length + 1);
        if (fraction == 0) return length;
        length += 1 + fraction;
    }
    if (is_any_of(text, length, "eE")) {
        const std::size_t sign = is_any_of(text, length + 1, "+-") ? 1 : 0;
        const std::size_t exponent = digits_at(text, length + 1 + sign);
        if (exponent == 0) return length;
        length += 1 + sign + exponent;
    }
    return length;
}

bool fits_double(std::string_view number) {
    double value = 0;
    const auto [rest, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    return error == std::errc{};
}

}  // namespace

std::optional<std::int64_t> whole_number(double number) noexcept {
    constexpr double most = 9'007'199'254'740'992;
    if (std::trunc(number) != number || std::abs(number) >= most) return std::nullopt;
    return static_cast<std::int64_t>(number);
}

std::string without_huge_numbers(std::string_view text) {
    std::string result(text);
    for (std::size_t at = 0; at < text.size();) {
        const std::string_view rest = text.substr(at);
        if (rest.front() == '"') {
            at = skip_json_string(text, at);
            continue;
        }
        const std::size_t length = number_length(rest);
        if (length > 0 && !fits_double(rest.substr(0, length))) {
            // The sign stays and the number gets an exponent, so that nothing around it can belong
            // to the same number if it did not before.
            const std::size_t sign = rest.front() == '-' ? 1 : 0;
            result.replace(at + sign, length - sign, length - sign, '0');
            result.replace(at + sign, 3, "1e-");
            result[at + length - 1] = '1';
        }
        at += std::max<std::size_t>(1, length);
    }
    return result;
}

}  // namespace orders
