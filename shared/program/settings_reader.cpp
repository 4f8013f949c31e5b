#include "shared/program/settings_reader.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "shared/program/command_line.h"
#include "shared/text/ascii.h"

namespace orders {

struct SettingsReader::Declaration {
    SettingName name;  // a secret's has no flag
    std::string fallback;
    std::string fits;  // what a value must be, as in "'x' is not <fits>"
    std::function<bool(const std::string&)> take;  // false if the value does not fit
};

namespace {

constexpr const char* non_empty_text = "a text of at least one character";
constexpr const char* no_fallback = "none";

std::optional<std::string> environment_value(const std::string& variable) {
    const char* value = std::getenv(variable.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
}

void print(const std::string& text) {
    std::cout << text << std::flush;
    if (!std::cout) throw std::runtime_error("cannot write to standard output");
}

}  // namespace

SettingsReader::SettingsReader(std::string program, std::string description)
    : program_(std::move(program)), description_(std::move(description)) {}

SettingsReader::~SettingsReader() = default;

SettingsReader::Declaration& SettingsReader::declare(SettingName name, std::string fallback,
                                                     std::string fits) {
    declarations_.push_back(std::make_unique<Declaration>(
        Declaration{std::move(name), std::move(fallback), std::move(fits), {}}));
    return *declarations_.back();
}

Setting<std::string> SettingsReader::text(SettingName name, std::string fallback) {
    assert(!fallback.empty());
    auto value = std::make_shared<std::string>(fallback);
    declare(std::move(name), std::move(fallback), non_empty_text).take =
        [value](const std::string& given) {
            if (given.empty()) return false;
            *value = given;
            return true;
        };
    return Setting<std::string>(value);
}

Setting<std::optional<std::string>> SettingsReader::optional_text(SettingName name) {
    auto value = std::make_shared<std::optional<std::string>>();
    declare(std::move(name), no_fallback, non_empty_text).take = [value](const std::string& given) {
        if (given.empty()) return false;
        *value = given;
        return true;
    };
    return Setting<std::optional<std::string>>(value);
}

Setting<std::optional<std::string>> SettingsReader::secret(SecretName name) {
    auto value = std::make_shared<std::optional<std::string>>();
    declare({.flag = "", .variable = std::move(name.variable), .help = std::move(name.help)},
            no_fallback, "")
        .take = [value](const std::string& given) {
        *value = given;
        return true;  // whatever it is: a value that does not fit would be quoted
    };
    return Setting<std::optional<std::string>>(value);
}

Setting<std::int64_t> SettingsReader::integer(SettingName name, std::int64_t fallback,
                                              const IntegerRange& range) {
    assert(fallback >= range.min && fallback <= range.max);
    auto value = std::make_shared<std::int64_t>(fallback);
    const std::string of_unit = range.unit.empty() ? "" : " of " + range.unit;
    const std::string fits = "a whole number" + of_unit + " from " + std::to_string(range.min) +
                             " to " + std::to_string(range.max);
    declare(std::move(name), std::to_string(fallback), fits).take =
        [value, min = range.min, max = range.max](const std::string& given) {
            const auto number = ascii::parse_whole_number<std::int64_t>(given, min, max);
            if (!number) return false;
            *value = *number;
            return true;
        };
    return Setting<std::int64_t>(value);
}

Setting<std::string> SettingsReader::choice(SettingName name, std::string fallback,
                                            std::vector<std::string> choices) {
    assert(std::find(choices.begin(), choices.end(), fallback) != choices.end());
    auto value = std::make_shared<std::string>(fallback);
    std::string fits = "one of ";
    for (const std::string& word : choices) fits += (&word == &choices.front() ? "" : ", ") + word;
    declare(std::move(name), std::move(fallback), std::move(fits)).take =
        [value, choices = std::move(choices)](const std::string& given) {
            for (const std::string& word : choices) {
                if (!ascii::equals_ignoring_case(word, given)) continue;
                *value = word;
                return true;
            }
            return false;
        };
    return Setting<std::string>(value);
}

void SettingsReader::command(std::string word, std::string help, std::string argument) {
    commands_.push_back({std::move(word), std::move(help), std::move(argument)});
}

const SettingsReader::Command* SettingsReader::find_command(const std::string& word) const {
    const auto found = std::ranges::find(commands_, word, &Command::word);
    return found == commands_.end() ? nullptr : &*found;
}

SettingsReader::Outcome SettingsReader::parse(int argc, const char* const* argv) {
    const auto take_word = [&] {
        std::string word = argv[1];
        --argc;
        ++argv;  // it stands where the parser expects the program's name
        return word;
    };
    given_command_.clear();
    given_argument_.clear();
    const Command* const command = argc > 1 ? find_command(argv[1]) : nullptr;
    const bool takes_argument = command != nullptr && !command->argument.empty();
    if (command != nullptr) given_command_ = take_word();
    // What looks like a flag is one; a file with such a name can be given as ./--file.
    if (takes_argument && argc > 1 && *argv[1] != '-') given_argument_ = take_word();

    const CommandLine line = read_command_line(flags(), argc, argv);
    const bool is_question = line.has("help") || line.has("version");
    if (takes_argument && given_argument_.empty() && !is_question) {
        throw SettingsError(command->word + " needs a " + command->argument + " right after it");
    }
    // A word after an unknown flag is its value: the first stray is what the user has to mend.
    if (line.stray) refuse_stray(*line.stray);
    if (line.has("help")) {
        print(help());
        return Outcome::help_shown;
    }
    if (line.has("version")) {
        print(program_ + " " ORDERS_VERSION "\n");
        return Outcome::version_shown;
    }
    take_values(line);
    return Outcome::run;
}

void SettingsReader::refuse_stray(const std::string& stray) const {
    if (find_command(stray) != nullptr) {
        throw SettingsError(quoted(stray) + " must come before the flags");
    }
    if (stray.size() > 1 && stray.front() == '-') {
        const std::string flag = stray.substr(0, stray.find('='));
        throw SettingsError("unknown flag " + quoted(flag) + "; see --help");
    }
    throw SettingsError("unexpected word " + quoted(stray) + "; see --help");
}

std::vector<std::string> SettingsReader::flags() const {
    std::vector<std::string> flags;
    for (const auto& declaration : declarations_) {
        if (!declaration->name.flag.empty()) flags.push_back(declaration->name.flag);
    }
    return flags;
}

void SettingsReader::take_values(const CommandLine& line) {
    for (const auto& declaration : declarations_) {
        const SettingName& name = declaration->name;
        std::string source = "--" + name.flag;
        std::optional<std::string> value;
        if (const auto given = line.values.find(name.flag); given != line.values.end()) {
            value = given->second;
        } else {
            source = name.variable;
            value = environment_value(name.variable);
        }
        if (value && !declaration->take(*value)) {
            throw SettingsError(source + ": " + quoted(*value) + " is not " + declaration->fits);
        }
    }
}

const std::string& SettingsReader::given_command() const noexcept {
    return given_command_;
}

const std::string& SettingsReader::given_argument() const noexcept {
    return given_argument_;
}

std::string SettingsReader::help() const {
    std::ostringstream out;
    out << program_ << " " ORDERS_VERSION ": " << description_ << "\n\nUsage: " << program_
        << (commands_.empty() ? "" : " [command]") << " [--flag value]...\n";
    if (!commands_.empty()) {
        out << "\nCommands:\n";
        for (const Command& command : commands_) {
            out << "  " << command.word << (command.argument.empty() ? "" : " ") << command.argument
                << "\n      " << command.help << "\n";
        }
    }
    out << "\nSettings:\n";
    for (const auto& declaration : declarations_) {
        const SettingName& name = declaration->name;
        if (name.flag.empty()) {
            out << "  " << name.variable << "\n      " << name.help
                << "\n      in the environment only; default " << declaration->fallback << "\n";
            continue;
        }
        out << "  --" << name.flag << " VALUE\n      " << name.help << "\n      "
            << declaration->fits << "; default " << declaration->fallback << "; environment "
            << name.variable << "\n";
    }
    out << "  -h, --help\n      shows this text\n"
           "  --version\n      shows the version\n"
           "\nA flag overrides the environment variable, which overrides the default.\n"
           "A variable that is set but empty counts as not set.\n"
           "\nExit status:\n"
           "  0      done, or stopped as asked\n"
           "  1      the environment is broken: the store, the port, the disk\n"
           "  2      the command line or the environment variables are wrong\n"
           "  3      the store was removed, moved or replaced while it was in use\n"
           "  128+n  ended at once by a second signal, number n\n";
    return out.str();
}

}  // namespace orders
