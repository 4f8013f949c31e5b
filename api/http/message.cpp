#include "api/http/message.h"

#include "shared/text/ascii.h"

namespace orders::http {

namespace {

// The value of the first of these lines that is a header of that name; the lines behind it are left
// in `lines`.
std::optional<std::string_view> take_value(std::string_view& lines, std::string_view name) {
    constexpr std::string_view line_end = "\r\n";
    while (!lines.empty()) {
        const std::size_t colon = lines.find(':');
        const std::size_t end = lines.find(line_end, colon);
        const std::string_view line = lines.substr(0, end);
        lines.remove_prefix(end + line_end.size());
        if (ascii::equals_ignoring_case(line.substr(0, colon), name)) {
            return ascii::trimmed(line.substr(colon + 1));
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string_view> Headers::find(std::string_view name) const noexcept {
    std::string_view lines = lines_;
    return take_value(lines, name);
}

std::string Headers::joined(std::string_view name) const {
    std::string list;
    std::string_view lines = lines_;
    while (const auto value = take_value(lines, name)) {
        if (!list.empty()) list += ',';
        list += *value;
    }
    return list;
}

}  // namespace orders::http
