#include "shared/program/text_faults.h"

#include <array>
#include <cstddef>

namespace orders {
namespace {

// What nobody means to have at an end of a value, in UTF-8.
struct Stray {
    std::string_view bytes;
    std::string_view name;
};
constexpr std::string_view blank = "a blank";
constexpr std::string_view quote = "a quote";
constexpr std::array<Stray, 10> strays{{{" ", blank},
                                        {"\xc2\xa0", blank},      // no-break
                                        {"\xe2\x80\x8b", blank},  // of no width
                                        {"\"", quote},
                                        {"'", quote},
                                        {"\xe2\x80\x98", quote},  // typographic ones, from here on
                                        {"\xe2\x80\x99", quote},
                                        {"\xe2\x80\x9c", quote},
                                        {"\xe2\x80\x9d", quote},
                                        {"\xef\xbb\xbf", "a byte order mark"}}};

// Of one byte, or of two: U+0080 to U+009F.
bool is_control_at(std::string_view text, std::size_t place) {
    const auto byte = static_cast<unsigned char>(text[place]);
    if (byte < 0x20 || byte == 0x7f) return true;
    const auto next = static_cast<unsigned char>(place + 1 < text.size() ? text[place + 1] : '\0');
    return byte == 0xc2 && next >= 0x80 && next <= 0x9f;
}

}  // namespace

std::string fault_in_text(std::string_view text) {
    if (text.empty()) return "is not a text of at least one character";
    if (text.ends_with('\r')) {
        return "ends with a carriage return; give the file that it comes from line ends of Unix";
    }
    for (std::size_t place = 0; place < text.size(); ++place) {
        if (is_control_at(text, place)) return "has a control character in it";
    }
    for (const Stray& stray : strays) {
        const bool is_first = text.starts_with(stray.bytes);
        if (!is_first && !text.ends_with(stray.bytes)) continue;
        return std::string(is_first ? "begins with " : "ends with ") + std::string(stray.name) +
               ", which would be part of it";
    }
    return {};
}

}  // namespace orders
