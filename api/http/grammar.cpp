#include "api/http/grammar.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

namespace orders::http {
namespace {

constexpr CharacterSet token_characters = letters_digits_and("!#$%&'*+-.^_`|~");

}  // namespace

bool is_token(std::string_view text) noexcept {
    return !text.empty() && token_characters.contains_all_of(text);
}

std::optional<std::size_t> parse_size(std::string_view text, int base) noexcept {
    std::size_t size = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, size, base);
    if (rest != end || error == std::errc::invalid_argument) return std::nullopt;
    return error == std::errc::result_out_of_range ? SIZE_MAX : size;
}

std::size_t quoted_string_length(std::string_view text) noexcept {
    if (!text.starts_with('"')) return 0;
    for (std::size_t at = 1; at < text.size(); ++at) {
        if (text[at] == '"') return at + 1;
        if (text[at] == '\\') ++at;
    }
    return 0;
}

bool is_list(std::string_view text) noexcept {
    if (text.find(',') == std::string_view::npos) return false;  // which is quicker to see
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == ',') return true;
        at += std::max<std::size_t>(1, quoted_string_length(text.substr(at)));
    }
    return false;
}

}  // namespace orders::http
