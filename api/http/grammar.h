#pragma once

// The small parts of HTTP's grammar (RFC 9110, section 5.6) that several others are made of. To the
// letter: what the grammar does not allow is not recognised.
//
// Pure functions, for any thread.

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "shared/text/ascii.h"

namespace orders::http {

// A set of characters, made when the program is compiled; asking costs one look into a table.
class CharacterSet {
   public:
    // All characters that the predicate holds for.
    template <typename Predicate>
    constexpr explicit CharacterSet(Predicate is_member) {
        for (std::size_t i = 0; i < members_.size(); ++i) {
            members_[i] = is_member(static_cast<char>(i));
        }
    }

    [[nodiscard]] constexpr bool contains(char c) const noexcept {
        return members_[static_cast<unsigned char>(c)];
    }
    [[nodiscard]] constexpr bool contains_all_of(std::string_view text) const noexcept {
        for (const char c : text) {
            if (!contains(c)) return false;
        }
        return true;
    }

   private:
    std::array<bool, 256> members_{};
};

// Letters, digits and the characters in `others`.
[[nodiscard]] constexpr CharacterSet letters_digits_and(std::string_view others) {
    return CharacterSet([others](char c) {
        return ascii::is_letter_or_digit(c) || others.find(c) != std::string_view::npos;
    });
}

[[nodiscard]] bool is_token(std::string_view text) noexcept;

// The number that the whole text spells in digits of that base, which is 10 or 16; empty if it
// spells none. What is too large to count is as good as the largest number: it is over every limit.
[[nodiscard]] std::optional<std::size_t> parse_size(std::string_view text, int base) noexcept;

// Calls `take` with each element of a list that is separated by commas, without blanks around it;
// an element may be empty.
template <typename Take>
void for_each_element(std::string_view list, Take take) {
    while (true) {
        const std::size_t comma = list.find(',');
        take(ascii::trimmed(list.substr(0, comma)));
        if (comma == std::string_view::npos) return;
        list.remove_prefix(comma + 1);
    }
}

// How long the quoted-string at the start of a text is, with its quotes; 0 if there is none. The
// text is part of a line, and so has no control characters but tabs.
[[nodiscard]] std::size_t quoted_string_length(std::string_view text) noexcept;

// Whether a comma outside quotes separates the text into several.
[[nodiscard]] bool is_list(std::string_view text) noexcept;

}  // namespace orders::http
