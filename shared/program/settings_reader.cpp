#include "shared/program/settings_reader.h"

#include <unistd.h>

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
#include "shared/program/mistyped_variables.h"
#include "shared/program/text_faults.h"
#include "shared/text/ascii.h"

namespace orders {

struct SettingsReader::Declaration {
    SettingName name;  // a secret's has no flag
    std::string fallback;
    std::string fits;  // what a value must be, as in "'x' is not <fits>"
    // Takes a value, or says what is wrong with it, as in "'x' <is not fitting>".
    std::function<std::string(const std::string&)> take;
    bool is_number = false;
    std::string without = {};  // not empty if it guards something

    [[nodiscard]] bool is_guarding() const { return !without.empty(); }
};

namespace {

constexpr const char* faultless_text = "a text without blanks or quotes around it";
constexpr const char* no_fallback = "none";

// `proto://...`, which Kubernetes and Docker's links put into NAME_PORT for a service NAME.
bool is_service_link(std::string_view value) {
    const std::size_t end = value.find("://");
    return end != std::string_view::npos && end > 0 &&
           std::ranges::all_of(value.substr(0, end), ascii::is_letter);
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
    declarations_.push_back(
        std::make_unique<Declaration>(Declaration{.name = std::move(name),
                                                  .fallback = std::move(fallback),
                                                  .fits = std::move(fits),
                                                  .take = {}}));
    return *declarations_.back();
}

Setting<std::string> SettingsReader::text(SettingName name, std::string fallback) {
    assert(!fallback.empty());
    auto value = std::make_shared<std::string>(fallback);
    declare(std::move(name), std::move(fallback), faultless_text).take =
        [value](const std::string& given) {
            std::string fault = fault_in_text(given);
            if (fault.empty()) *value = given;
            return fault;
        };
    return Setting<std::string>(value);
}

Setting<std::optional<std::string>> SettingsReader::optional_text(SettingName name,
                                                                  std::string without) {
    auto value = std::make_shared<std::optional<std::string>>();
    Declaration& declaration = declare(std::move(name), no_fallback, faultless_text);
    declaration.without = std::move(without);
    declaration.take = [value](const std::string& given) {
        std::string fault = fault_in_text(given);
        if (fault.empty()) *value = given;
        return fault;
    };
    return Setting<std::optional<std::string>>(value);
}

Setting<std::optional<std::string>> SettingsReader::secret(SecretName name) {
    auto value = std::make_shared<std::optional<std::string>>();
    Declaration& declaration =
        declare({.flag = "", .variable = std::move(name.variable), .help = std::move(name.help)},
                no_fallback, "");
    declaration.without = std::move(name.without);
    declaration.take = [value](const std::string& given) {
        *value = given;
        return std::string();  // whatever it is: a value that does not fit would be quoted
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
    Declaration& declaration = declare(std::move(name), std::to_string(fallback), fits);
    declaration.is_number = true;
    declaration.take = [value, fits, min = range.min, max = range.max](const std::string& given) {
        const auto number = ascii::parse_whole_number<std::int64_t>(given, min, max);
        if (number) *value = *number;
        return number ? std::string() : "is not " + fits;
    };
    return Setting<std::int64_t>(value);
}

Setting<std::string> SettingsReader::choice(SettingName name, std::string fallback,
                                            std::vector<std::string> choices) {
    assert(std::find(choices.begin(), choices.end(), fallback) != choices.end());
    auto value = std::make_shared<std::string>(fallback);
    std::string fits = "one of ";
    for (const std::string& word : choices) fits += (&word == &choices.front() ? "" : ", ") + word;
    declare(std::move(name), std::move(fallback), fits).take =
        [value, fits, choices = std::move(choices)](const std::string& given) {
            for (const std::string& word : choices) {
                if (!ascii::equals_ignoring_case(word, given)) continue;
                *value = word;
                return std::string();
            }
            return "is not " + fits;
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

std::vector<std::string> SettingsReader::variables() const {
    std::vector<std::string> variables;
    for (const auto& declaration : declarations_) variables.push_back(declaration->name.variable);
    return variables;
}

void SettingsReader::take_values(const CommandLine& line) {
    ignored_variables_.clear();
    for (const auto& declaration : declarations_) {
        const std::string& flag = declaration->name.flag;
        const auto given = line.values.find(flag);
        if (given == line.values.end()) {
            take_variable(*declaration);
        } else {
            take(*declaration, "--" + flag, given->second);
        }
    }
    note_mistyped_variables();
}

void SettingsReader::take(const Declaration& declaration, const std::string& source,
                          const std::string& value) {
    const std::string fault = declaration.take(value);
    if (fault.empty()) return;
    // A user who confuses a secret with the file that holds it gives it as the file's name.
    const std::string subject = declaration.is_guarding() ? "its value" : quoted(value);
    throw SettingsError(source + ": " + subject + " " + fault);
}

void SettingsReader::take_variable(const Declaration& declaration) {
    const std::string& name = declaration.name.variable;
    const char* const found = std::getenv(name.c_str());
    const std::string value = found == nullptr ? "" : found;
    if (value.empty()) {
        if (found == nullptr || !declaration.is_guarding()) return;
        throw SettingsError(name + " is set but empty; unset it for " + declaration.without);
    }
    if (declaration.is_number && is_service_link(value)) {
        ignored_variables_.push_back(
            {name, quoted(value) +
                       " is a link to a service, as platforms set it by themselves; --" +
                       declaration.name.flag + " has its default, " + declaration.fallback});
        return;
    }
    take(declaration, name, value);
}

void SettingsReader::note_mistyped_variables() {
    for (const MistypedVariable& mistyped : mistyped_variables(variables(), environ)) {
        ignored_variables_.push_back(
            {mistyped.given, "there is no such setting; did you mean " + mistyped.meant + "?"});
    }
}

const std::string& SettingsReader::given_command() const noexcept {
    return given_command_;
}

const std::string& SettingsReader::given_argument() const noexcept {
    return given_argument_;
}

const std::vector<IgnoredVariable>& SettingsReader::ignored_variables() const noexcept {
    return ignored_variables_;
}

std::string SettingsReader::help() const {
    std::ostringstream out;
    std::string guards;  // the variables that must not be empty
    for (const auto& declaration : declarations_) {
        if (!declaration->is_guarding()) continue;
        guards += (guards.empty() ? "" : " and ") + declaration->name.variable;
    }
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
           "A variable that is set but empty counts as not set"
        << (guards.empty() ? "" : "; but " + guards + " must not be empty")
        << ".\n"
           "\nExit status:\n"
           "  0      done, or stopped as asked\n"
           "  1      the environment is broken: the store, the port, the disk\n"
           "  2      the command line or the environment variables are wrong\n"
           "  3      the store was removed, moved or replaced while it was in use\n"
           "  128+n  ended at once by a second signal, number n\n";
    return out.str();
}

}  // namespace orders
