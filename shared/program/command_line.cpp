#include "shared/program/command_line.h"

#include "shared/log/log_line.h"
#include "shared/program/settings_error.h"

// With std::regex, which is recursive, an argument of about 100 KB would overflow the stack.
#define CXXOPTS_NO_REGEX true
#include <cxxopts.hpp>

namespace orders {
namespace {

void refuse_misuse(const std::string& flag, const std::vector<std::string>& values) {
    if (values.size() > 1) throw SettingsError("--" + flag + " is given more than once");
    const bool takes_value = flag != "help" && flag != "version";
    if (!takes_value && !values.front().empty()) {
        throw SettingsError("--" + flag + " takes no value");
    }
    // `--db --port 80` would otherwise use a file called `--port`; it can be given as ./--port.
    if (takes_value && values.front().starts_with("--")) {
        throw SettingsError("--" + flag + " needs a value, not " + quoted(values.front()));
    }
}

}  // namespace

CommandLine read_command_line(const std::vector<std::string>& flags, int argc,
                              const char* const* argv) {
    CommandLine line;
    if (argc <= 1) return line;
    cxxopts::Options options("");
    // Otherwise its own exception would not say where the flag stood among the strays.
    options.allow_unrecognised_options();
    options.add_options()("h,help", "", cxxopts::value<std::string>()->implicit_value(""));
    options.add_options()("version", "", cxxopts::value<std::string>()->implicit_value(""));
    for (const std::string& flag : flags) {
        options.add_options()(flag, "", cxxopts::value<std::string>());
    }
    std::map<std::string, std::vector<std::string>> values;  // by flag, in the order given
    try {
        const cxxopts::ParseResult result = options.parse(argc, argv);
        for (const cxxopts::KeyValue& given : result.arguments()) {
            values[given.key()].push_back(given.value());
        }
        if (!result.unmatched().empty()) line.stray = result.unmatched().front();
    } catch (const cxxopts::exceptions::missing_argument&) {
        // Only the last argument can lack a value: any other flag takes the next argument for it.
        throw SettingsError(log::printable(argv[argc - 1]) + " needs a value");
    } catch (const cxxopts::exceptions::exception& error) {
        throw SettingsError(log::printable(error.what()));
    }
    for (const auto& [flag, given] : values) {
        refuse_misuse(flag, given);
        line.values[flag] = given.front();
    }
    return line;
}

std::string quoted(const std::string& value) {
    constexpr std::size_t max_shown = 100;
    if (value.size() <= max_shown) return "'" + log::printable(value) + "'";
    return "'" + log::printable(value.substr(0, max_shown)) + "...'";
}

}  // namespace orders
