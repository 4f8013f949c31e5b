#include "api/access/tokens.h"

#include <algorithm>

#include "shared/program/line_file.h"
#include "shared/program/settings_error.h"
#include "shared/text/ascii.h"

namespace orders {
namespace {

bool is_token_character(char c) {
    constexpr std::string_view others = "-._~+/";
    return ascii::is_letter_or_digit(c) || others.find(c) != std::string_view::npos;
}

// b64token in RFC 6750, section 2.1.
bool is_well_formed(std::string_view token) {
    while (token.ends_with('=')) token.remove_suffix(1);
    return !token.empty() && std::all_of(token.begin(), token.end(), is_token_character);
}

bool is_name_character(char c) {
    constexpr std::string_view others = "-._@+";
    return ascii::is_letter_or_digit(c) || others.find(c) != std::string_view::npos;
}

// Calls `take` with each part of the text, one at least.
template <typename Take>
void split(std::string_view text, char separator, Take take) {
    while (true) {
        const std::size_t end = text.find(separator);
        take(ascii::trimmed(text.substr(0, end), ascii::white_space));
        if (end == std::string_view::npos) return;
        text.remove_prefix(end + 1);
    }
}

[[noreturn]] void fail(std::string_view source, const std::string& why) {
    throw SettingsError(std::string(source) + ": " + why);
}

// Cuts the first word off.
std::string_view take_word(std::string_view& text) {
    const std::size_t end = std::min(text.find_first_of(ascii::white_space), text.size());
    const std::string_view word = text.substr(0, end);
    text = ascii::trimmed(text.substr(end), ascii::white_space);
    return word;
}

http::Scopes scopes_in(std::string_view source, std::string_view list) {
    http::Scopes scopes;
    split(list, ',', [&](std::string_view name) {
        const auto scope = http::scope_named(name);
        if (!scope) {
            fail(source,
                 "what follows a token must be its scopes: of read, submit, work and operate, "
                 "with commas in between and no blanks");
        }
        scopes |= *scope;
    });
    return scopes;
}

}  // namespace

void AccessTokens::add_list(std::string_view setting, std::string_view list) {
    split(list, ',', [&](std::string_view token) { add(setting, token); });
}

void AccessTokens::add_file(std::string_view setting, const std::string& path) {
    const std::vector<FileLine> lines = read_line_file(setting, path);
    for (const FileLine& line : lines) {
        std::string_view rest = line.text;
        const std::string_view token = take_word(rest);
        const std::string_view scopes = take_word(rest);
        add(line.source, token, scopes, rest);
    }
    if (lines.empty()) fail(setting, "the file has no token");
    warn_if_open_to_others(setting, path, "tokens");
}

void AccessTokens::add(std::string_view source, std::string_view token, std::string_view scopes,
                       std::string_view name) {
    if (token.size() < min_token_characters || token.size() > max_token_characters) {
        fail(source, "a token must have " + std::to_string(min_token_characters) + " to " +
                         std::to_string(max_token_characters) + " characters");
    }
    if (!is_well_formed(token)) {
        fail(source, "a token must be of letters, digits and - . _ ~ + /, with = at its end only");
    }
    if (tokens_.size() == max_tokens) {
        fail(source, "there may be " + std::to_string(max_tokens) + " tokens at most");
    }
    const http::Scopes granted = scopes.empty() ? http::Scopes::all() : scopes_in(source, scopes);
    if (name.size() > max_name_characters ||
        !std::all_of(name.begin(), name.end(), is_name_character)) {
        fail(source, "what follows the scopes must be a name, of up to " +
                         std::to_string(max_name_characters) +
                         " letters, digits and - . _ @ +, and the last word");
    }
    Block block = padded(token);
    if (find(block) != tokens_.size()) fail(source, "a token is there twice");
    tokens_.push_back({block, granted, std::string(name)});
}

AccessTokens::Block AccessTokens::padded(std::string_view token) {
    Block block{};
    std::copy(token.begin(), token.end(), block.begin());
    return block;
}

AccessTokens::Verdict AccessTokens::verdict_on(std::string_view authorization) const {
    const std::size_t scheme_end = std::min(authorization.find(' '), authorization.size());
    if (!ascii::equals_ignoring_case(authorization.substr(0, scheme_end), "bearer"))
        return Denial::missing;
    const std::string_view token =
        ascii::trimmed(authorization.substr(scheme_end), ascii::white_space);
    if (token.empty()) return Denial::missing;
    if (token.size() > max_token_characters || !is_well_formed(token)) return Denial::invalid;
    const std::size_t found = find(padded(token));
    if (found == tokens_.size()) return Denial::invalid;
    return http::Caller{tokens_[found].scopes, tokens_[found].name};
}

std::size_t AccessTokens::find(const Block& given) const noexcept {
    std::size_t found = tokens_.size();
    for (std::size_t number = 0; number < tokens_.size(); ++number) {
        const Block& known = tokens_[number].block;
        unsigned difference = 0;
        for (std::size_t i = 0; i < known.size(); ++i) {
            difference |= static_cast<unsigned>(given[i] ^ known[i]);
        }
        found = difference == 0 ? number : found;
    }
    return found;
}

}  // namespace orders
