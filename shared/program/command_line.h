#pragma once

// A command line, taken apart but not yet understood: which flags were given, and with which
// values. Flags that no user can have intended, such as one that is given twice though it says one
// thing, are refused here; whether a value fits is for settings_reader.h to say. Pure functions,
// for any thread.

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace orders {

// A flag that takes a value.
struct KnownFlag {
    std::string name;  // without the dashes
    bool may_repeat = false;
};

struct CommandLine {
    // By flag, without the dashes, in the order given. --help and --version have an empty value.
    std::map<std::string, std::vector<std::string>> values;
    // The first argument that is neither a flag of the program nor the value of one.
    std::optional<std::string> stray;

    [[nodiscard]] bool has(const std::string& flag) const { return values.contains(flag); }
};

// --help, -h and --version are known anyway. argv[0] is ignored. Throws SettingsError.
[[nodiscard]] CommandLine read_command_line(const std::vector<KnownFlag>& flags, int argc,
                                            const char* const* argv);

// What a user gave, fit for an error's text: in quotes, on one line, and cut if it is long.
[[nodiscard]] std::string quoted(const std::string& value);

}  // namespace orders
