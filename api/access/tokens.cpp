#include "api/access/tokens.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <system_error>

#include "shared/log/log.h"
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

// Says nothing if it cannot look: whether the file can be read is another question.
void warn_if_others_may_use(std::string_view setting, const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return;
    const bool is_readable = (status.st_mode & S_IROTH) != 0;
    const bool is_writable = (status.st_mode & S_IWOTH) != 0;
    if (!is_readable && !is_writable) return;
    std::array<char, 8> mode{};
    std::snprintf(mode.data(), mode.size(), "%04o", status.st_mode & 07777U);
    log::warn("tokens file is open to other users",
              {{"setting", setting},
               {"mode", mode.data()},
               {"consequence", is_writable ? "every user of this machine can add a token"
                                           : "every user of this machine can read the tokens"},
               {"hint", "chmod o-rw"}});
}

// Errors do not quote the path: a user who confuses the two settings gives a token here.
std::string contents_of(std::string_view setting, const std::string& path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    std::string contents(AccessTokens::max_file_bytes + 1, '\0');
    if (file) file.read(contents.data(), static_cast<std::streamsize>(contents.size()));
    if (!file.is_open() || file.bad()) {
        fail(setting, "the file cannot be read: " + std::generic_category().message(errno));
    }
    contents.resize(static_cast<std::size_t>(file.gcount()));
    if (contents.size() > AccessTokens::max_file_bytes) {
        fail(setting,
             "the file is larger than " + std::to_string(AccessTokens::max_file_bytes) + " bytes");
    }
    return contents;
}

}  // namespace

void AccessTokens::add_list(std::string_view setting, std::string_view list) {
    split(list, ',', [&](std::string_view token) { add(setting, token); });
}

void AccessTokens::add_file(std::string_view setting, const std::string& path) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";  // editors on Windows leave one
    const std::string contents = contents_of(setting, path);
    std::string_view lines = contents;
    if (lines.starts_with(byte_order_mark)) lines.remove_prefix(byte_order_mark.size());

    const std::size_t tokens_before = tokens_.size();
    int number = 0;
    split(lines, '\n', [&](std::string_view line) {
        ++number;
        if (line.empty() || line.starts_with('#')) return;
        add(std::string(setting) + ": line " + std::to_string(number), line);
    });
    if (tokens_.size() == tokens_before) fail(setting, "the file has no token");
    warn_if_others_may_use(setting, path);
}

void AccessTokens::add(std::string_view source, std::string_view token) {
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
    tokens_.push_back(padded(token));
}

AccessTokens::Block AccessTokens::padded(std::string_view token) {
    Block block{};
    std::copy(token.begin(), token.end(), block.begin());
    return block;
}

AccessTokens::Verdict AccessTokens::verdict_on(std::string_view authorization) const {
    const std::size_t scheme_end = std::min(authorization.find(' '), authorization.size());
    if (!ascii::equals_ignoring_case(authorization.substr(0, scheme_end), "bearer"))
        return Verdict::missing;
    const std::string_view token =
        ascii::trimmed(authorization.substr(scheme_end), ascii::white_space);
    if (token.empty()) return Verdict::missing;
    if (token.size() > max_token_characters || !is_well_formed(token)) return Verdict::invalid;

    // Every byte of every token is looked at, whatever was found before.
    const Block given = padded(token);
    bool is_known = false;
    for (const Block& known : tokens_) {
        unsigned difference = 0;
        for (std::size_t i = 0; i < known.size(); ++i) {
            difference |= static_cast<unsigned>(given[i] ^ known[i]);
        }
        is_known |= difference == 0;
    }
    return is_known ? Verdict::granted : Verdict::invalid;
}

}  // namespace orders
