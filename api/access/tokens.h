#pragma once

// The bearer tokens (RFC 6750) that open the API, what each lets its client do, and whether a
// request has one of them. Without any, the API is open to everybody. Errors never quote any part
// of a token.
//
// Tokens are added at the start by one thread; from then on verdict_on() may be called by several
// at a time.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/http/access.h"

namespace orders {

class AccessTokens {
   public:
    static constexpr std::size_t min_token_characters = 16;
    static constexpr std::size_t max_token_characters = 256;
    static constexpr std::size_t max_tokens = 100;
    static constexpr std::size_t max_name_characters = 64;

    // From a list with commas between the tokens, around which white space may stand: these may do
    // everything. Or from a file with one per line (line_file.h):
    //
    //     TOKEN [SCOPE,...] [NAME]
    //
    // Without scopes it may do everything; without a name nobody is told who it was. The file
    // should not be open to others: a warning is logged if it is.
    //
    // Throws SettingsError, which begins with `setting` and names the line, for a file that cannot
    // be read or has no token, for a token that is too short, too long, there twice, or not of the
    // characters of RFC 6750 (letters and digits, `- . _ ~ + /`, and `=` at its end), for a scope
    // that is not known, and for a name that is too long or not of letters, digits and `- . _ @ +`.
    void add_list(std::string_view setting, std::string_view list);
    void add_file(std::string_view setting, const std::string& path);

    [[nodiscard]] bool are_required() const noexcept { return !tokens_.empty(); }

    enum class Denial {
        missing,  // nothing that claims to be a bearer token
        invalid,  // a bearer token that is not one of ours
    };
    using Verdict = std::variant<http::Caller, Denial>;
    // The verdict on the value of the header Authorization. How long it takes does not depend on
    // how much of a token has been guessed, nor on which token it is. The caller's name lives as
    // long as this.
    [[nodiscard]] Verdict verdict_on(std::string_view authorization) const;

   private:
    // Padded with NUL, which no token contains: all comparisons are of the same length.
    using Block = std::array<unsigned char, max_token_characters>;

    struct Token {
        Block block;
        http::Scopes scopes;
        std::string name;
    };

    static Block padded(std::string_view token);
    // Without scopes it may do everything.
    void add(std::string_view source, std::string_view token, std::string_view scopes = {},
             std::string_view name = {});
    // The number of the one that is `given`, or that of all if there is none. Every byte of every
    // token is looked at, whatever was found before.
    [[nodiscard]] std::size_t find(const Block& given) const noexcept;

    std::vector<Token> tokens_;
};

}  // namespace orders
