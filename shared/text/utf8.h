#pragma once

// UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing beyond U+10FFFF.

#include <cstddef>
#include <string>
#include <string_view>

namespace orders::utf8 {

// How many bytes the character at the beginning of the text has; 0 if there is none that is valid.
[[nodiscard]] constexpr std::size_t length_of_first(std::string_view text) noexcept {
    const auto byte = [&](std::size_t at) {
        return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
    };
    const auto is_within = [&](std::size_t at, unsigned least, unsigned most) {
        return byte(at) >= least && byte(at) <= most;
    };
    const auto continues = [&](std::size_t at) { return is_within(at, 0x80, 0xbf); };
    const unsigned first = byte(0);
    if (text.empty()) return 0;
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        const unsigned least = first == 0xe0 ? 0xa0 : 0x80;
        const unsigned most = first == 0xed ? 0x9f : 0xbf;
        return is_within(1, least, most) && continues(2) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const unsigned least = first == 0xf0 ? 0x90 : 0x80;
        const unsigned most = first == 0xf4 ? 0x8f : 0xbf;
        return is_within(1, least, most) && continues(2) && continues(3) ? 4 : 0;
    }
    return 0;
}

// As much of the text from its beginning as has whole characters in `most` bytes; what is not UTF-8
// in it is replaced by U+FFFD, byte by byte.
[[nodiscard]] inline std::string truncated(std::string_view text, std::size_t most) {
    constexpr std::string_view replacement = "\xef\xbf\xbd";
    std::string kept;
    while (!text.empty()) {
        const std::size_t length = length_of_first(text);
        const std::string_view next = length > 0 ? text.substr(0, length) : replacement;
        if (kept.size() + next.size() > most) break;
        kept += next;
        text.remove_prefix(length > 0 ? length : 1);
    }
    return kept;
}

}  // namespace orders::utf8
