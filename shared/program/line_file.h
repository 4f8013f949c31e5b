#pragma once

// A file that an operator writes, with one entry per line: tokens, secrets, webhooks. White space
// around an entry is not part of it; lines that are blank or begin with `#` are skipped, and so is
// a byte order mark in front. It is read once, at the start.
//
// Errors quote neither the path nor anything in it: a user who confuses a secret with the file that
// holds it gives the secret as the path.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace orders {

inline constexpr std::size_t max_line_file_bytes = 64 * 1024;

struct FileLine {
    std::string source;  // the setting and the line's number, for errors: "--x-file: line 3"
    std::string text;    // never empty
};

// Throws SettingsError, which begins with `setting`, if the file cannot be read or is too large.
[[nodiscard]] std::vector<FileLine> read_line_file(std::string_view setting,
                                                   const std::string& path);

// Logs a warning if other users than the file's owner and group may read or write it. `what` is
// what it holds: "tokens". Says nothing about a file that it cannot look at.
void warn_if_open_to_others(std::string_view setting, const std::string& path,
                            std::string_view what);

}  // namespace orders
