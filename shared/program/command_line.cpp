#include "shared/program/command_line.h"

#include <algorithm>

#include "shared/log/log_line.h"
#include "shared/program/settings_error.h"

// With std::regex, which is recursive, an argument of about 100 KB would overflow the stack.
#define CXXOPTS_NO_REGEX true
#include <cxxopts.hpp>

namespace orders {
namespace {

bool may_repeat(const std::vector<KnownFlag>& flags, const std::string& name) {
    const auto flag = std::ranges::find(flags, name, &KnownFlag::name);
    return flag != flags.end() && flag->may_repeat;
}

void refuse_misuse(const std::string& flag, const std::string& value) {
    const bool takes_value = flag != "help" && flag != "version";
    if (!takes_value && !value.empty()) throw SettingsError("--" + flag + " takes no value");
    // `--db --port 80` would otherwise use a file called `--port`; it can be given as ./--port.
    if (takes_value && value.starts_with("--")) {
        throw SettingsError("--" + flag + " needs a value, not " + quoted(value));
    }
}

}  // namespace

CommandLine read_command_line(const std::vector<KnownFlag>& flags, int argc,
                              const char* const* argv) {
    CommandLine line;
    if (argc <= 1) return line;
    cxxopts::Options options("");
    // Otherwise its own exception would not say where the flag stood among the strays.
    options.allow_unrecognised_options();
    options.add_options()("h,help", "", cxxopts::value<std::string>()->implicit_value(""));
    options.add_options()("version", "", cxxopts::value<std::string>()->implicit_value(""));
    for (const KnownFlag& flag : flags) {
        options.add_options()(flag.name, "", cxxopts::value<std::string>());
    }
    try {
        const cxxopts::ParseResult result = options.parse(argc, argv);
        for (const cxxopts::KeyValue& given : result.arguments()) {
            line.values[given.key()].push_back(given.value());
        }
        if (!result.unmatched().empty()) line.stray = result.unmatched().front();
    } catch (const cxxopts::exceptions::missing_argument&) {
        // Only the last argument can lack a value: any other flag takes the next argument for it.
        throw SettingsError(log::printable(argv[argc - 1]) + " needs a value");
    } catch (const cxxopts::exceptions::exception& error) {
        throw SettingsError(log::printable(error.what()));
    }
    for (const auto& [flag, values] : line.values) {
        if (values.size() > 1 && !may_repeat(flags, flag)) {
            throw SettingsError("--" + flag + " is given more than once");
        }
        for (const std::string& value : values) refuse_misuse(flag, value);
    }
    return line;
}

std::string quoted(const std::string& value) {
    constexpr std::size_t max_shown = 100;
    if (value.size() <= max_shown) return "'" + log::printable(value) + "'";
    return "'" + log::printable(value.substr(0, max_shown)) + "...'";
}

}  // namespace orders
