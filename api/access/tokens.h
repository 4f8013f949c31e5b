#pragma once

// The bearer tokens (RFC 6750) that open the API, and whether a request has one of them. Without
// any, the API is open to everybody. Errors never quote any part of a token.
//
// Tokens are added at the start by one thread; from then on verdict_on() may be called by several
// at a time.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace orders {

class AccessTokens {
   public:
    static constexpr std::size_t min_token_characters = 16;
    static constexpr std::size_t max_token_characters = 256;
    static constexpr std::size_t max_tokens = 100;

    // From a list with commas between the tokens, around which white space may stand, or from a
    // file with one token per line (line_file.h), which should not be open to others: a warning is
    // logged if it is. Throws SettingsError, which begins with `setting` and names the line, for a
    // file that cannot be read or has no token, and for a token that is too short, too long or not
    // of the characters of RFC 6750: letters and digits, `- . _ ~ + /`, and `=` at its end.
    void add_list(std::string_view setting, std::string_view list);
    void add_file(std::string_view setting, const std::string& path);

    [[nodiscard]] bool are_required() const noexcept { return !tokens_.empty(); }

    enum class Verdict {
        granted,
        missing,  // nothing that claims to be a bearer token
        invalid,  // a bearer token that is not one of ours
    };
    // The verdict on the value of the header Authorization. How long it takes does not depend on
    // how much of a token has been guessed, nor on which token it is.
    [[nodiscard]] Verdict verdict_on(std::string_view authorization) const;

   private:
    // Padded with NUL, which no token contains: all comparisons are of the same length.
    using Block = std::array<unsigned char, max_token_characters>;

    static Block padded(std::string_view token);
    void add(std::string_view source, std::string_view token);

    std::vector<Block> tokens_;
};

}  // namespace orders
