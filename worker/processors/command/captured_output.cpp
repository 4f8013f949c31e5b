#include "worker/processors/command/captured_output.h"

#include <array>
#include <cstdio>
#include <limits>

#include "shared/text/ascii.h"
#include "shared/text/json_scanner.h"
#include "shared/text/utf8.h"

namespace orders {
namespace {

std::string escaped(char c) {
    switch (c) {
        case '"':
            return "\\\"";
        case '\\':
            return "\\\\";
        case '\n':
            return "\\n";
        case '\r':
            return "\\r";
        case '\t':
            return "\\t";
        default:
            break;
    }
    if (static_cast<unsigned char>(c) >= 0x20) return {c};
    std::array<char, 7> code{};
    std::snprintf(code.data(), code.size(), "\\u%04x", static_cast<unsigned>(c));
    return code.data();
}

}  // namespace

JsonText OutputBeginning::as_result() const {
    const std::string_view output = ascii::trimmed(bytes_, ascii::white_space);
    if (output.empty()) return nullptr;
    if (!is_cut_ && is_json(output)) return json_text(output);

    constexpr std::string_view beginning = R"({"output":")";
    constexpr std::string_view whole_end = R"("})";
    constexpr std::string_view cut_end = R"(","truncated":true})";
    const std::string text = utf8::truncated(bytes_, std::numeric_limits<std::size_t>::max());
    std::string result(beginning);
    bool is_cut = is_cut_;
    for (std::string_view left = text; !left.empty();) {
        const std::size_t length = utf8::length_of_first(left);
        const std::string next =
            length == 1 ? escaped(left[0]) : std::string(left.substr(0, length));
        if (result.size() + next.size() + cut_end.size() > max_result_bytes) {
            is_cut = true;
            break;
        }
        result += next;
        left.remove_prefix(length);
    }
    result += is_cut ? cut_end : whole_end;
    return json_text(result);
}

std::string OutputEnd::as_detail() const {
    const std::string text = utf8::truncated(bytes_, std::numeric_limits<std::size_t>::max());
    std::string_view end = ascii::trimmed(text, ascii::white_space);
    if (end.size() > max_detail_bytes) end.remove_prefix(end.size() - max_detail_bytes);
    // Not from within a character.
    while (!end.empty() && utf8::length_of_first(end) == 0) end.remove_prefix(1);
    return std::string(end);
}

}  // namespace orders
