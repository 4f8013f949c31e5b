#include "api/http/chunked_body.h"

#include <algorithm>

#include "api/http/grammar.h"
#include "shared/text/ascii.h"

namespace orders::http {
namespace {

// Blanks may stand around both signs of an extension, but not at the end of the line
// (RFC 9112, section 7.1.1).
constexpr std::string_view ends_of_token = " \t;=";

void remove_blanks(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(ascii::blanks), text.size()));
}

// Takes `sign` and the blanks around it from the start of a text, if it is there.
bool take_sign(std::string_view& text, char sign) {
    std::string_view rest = text;
    remove_blanks(rest);
    if (!rest.starts_with(sign)) return false;
    rest.remove_prefix(1);
    remove_blanks(rest);
    text = rest;
    return true;
}

bool take_token(std::string_view& text) {
    const std::string_view token = text.substr(0, text.find_first_of(ends_of_token));
    text.remove_prefix(token.size());
    return is_token(token);
}

// Takes a token or a quoted text.
bool take_value(std::string_view& text) {
    const std::size_t quoted_bytes = quoted_string_length(text);
    text.remove_prefix(quoted_bytes);
    return quoted_bytes > 0 || take_token(text);
}

bool are_extensions(std::string_view text) {
    while (!text.empty()) {
        if (!take_sign(text, ';') || !take_token(text)) return false;
        if (take_sign(text, '=') && !take_value(text)) return false;
    }
    return true;
}

}  // namespace

std::optional<std::size_t> chunk_size_in(std::string_view line) noexcept {
    const std::string_view number = line.substr(0, line.find_first_of(ends_of_token));
    if (!are_extensions(line.substr(number.size()))) return std::nullopt;
    return parse_size(number, 16);
}

std::string joined_chunks(std::string_view framed_body) {
    std::string content;
    while (true) {
        const std::size_t line_end = framed_body.find("\r\n");
        const std::size_t size = chunk_size_in(framed_body.substr(0, line_end)).value_or(0);
        if (size == 0) return content;  // trailers may follow; they are not needed
        content.append(framed_body.substr(line_end + 2, size));
        framed_body.remove_prefix(line_end + 2 + size + 2);
    }
}

}  // namespace orders::http
