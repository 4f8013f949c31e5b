#include "shared/program/settings_reader.h"

#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <utility>

#include "shared/program/command_line.h"
#include "shared/program/mistyped_variables.h"
#include "shared/program/setting_declaration.h"
#include "shared/program/text_faults.h"
#include "shared/text/ascii.h"

namespace orders {
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
    Setting<std::string> setting(fallback);
    declare(std::move(name), std::move(fallback), faultless_text).take =
        [value = setting.given_](const std::string& given) {
            std::string fault = fault_in_text(given);
            if (fault.empty()) value->set(given);
            return fault;
        };
    return setting;
}

Setting<std::optional<std::string>> SettingsReader::optional_text(SettingName name,
                                                                  std::string without) {
    Setting<std::optional<std::string>> setting(std::nullopt);
    Declaration& declaration = declare(std::move(name), no_fallback, faultless_text);
    declaration.without = std::move(without);
    declaration.take = [value = setting.given_](const std::string& given) {
        std::string fault = fault_in_text(given);
        if (fault.empty()) value->set(given);
        return fault;
    };
    return setting;
}

Setting<std::optional<std::string>> SettingsReader::secret(SecretName name) {
    Setting<std::optional<std::string>> setting(std::nullopt);
    Declaration& declaration =
        declare({.flag = "", .variable = std::move(name.variable), .help = std::move(name.help)},
                no_fallback, "");
    declaration.without = std::move(name.without);
    declaration.take = [value = setting.given_](const std::string& given) {
        value->set(given);
        return std::string();  // whatever it is: a value that does not fit would be quoted
    };
    return setting;
}

Setting<std::int64_t> SettingsReader::integer(SettingName name, std::int64_t fallback,
                                              const IntegerRange& range) {
    assert(fallback >= range.min && fallback <= range.max);
    Setting<std::int64_t> setting(fallback);
    const std::string of_unit = range.unit.empty() ? "" : " of " + range.unit;
    const std::string fits = "a whole number" + of_unit + " from " + std::to_string(range.min) +
                             " to " + std::to_string(range.max);
    Declaration& declaration = declare(std::move(name), std::to_string(fallback), fits);
    declaration.is_number = true;
    declaration.take = [value = setting.given_, fits, min = range.min,
                        max = range.max](const std::string& given) {
        const auto number = ascii::parse_whole_number<std::int64_t>(given, min, max);
        if (number) value->set(*number);
        return number ? std::string() : "is not " + fits;
    };
    return setting;
}

Setting<std::string> SettingsReader::choice(SettingName name, std::string fallback,
                                            std::vector<std::string> choices) {
    assert(std::find(choices.begin(), choices.end(), fallback) != choices.end());
    Setting<std::string> setting(fallback);
    std::string fits = "one of ";
    for (const std::string& word : choices) fits += (&word == &choices.front() ? "" : ", ") + word;
    declare(std::move(name), std::move(fallback), fits).take =
        [value = setting.given_, fits, choices = std::move(choices)](const std::string& given) {
            for (const std::string& word : choices) {
                if (!ascii::equals_ignoring_case(word, given)) continue;
                value->set(word);
                return std::string();
            }
            return "is not " + fits;
        };
    return setting;
}

Setting<std::vector<std::string>> SettingsReader::list(SettingName name, std::string items,
                                                       std::string fallback) {
    Setting<std::vector<std::string>> setting({});
    Declaration& declaration = declare(std::move(name), std::move(fallback), std::move(items));
    declaration.split_flag = declaration.split_variable = split_at_commas;
    declaration.take = [value = setting.given_](const std::string& given) {
        std::string fault = fault_in_text(given);
        if (fault.empty()) value->add(given);
        return fault;
    };
    return setting;
}

Setting<std::vector<KindEntry>> SettingsReader::by_kind(SettingName name,
                                                        const std::string& value) {
    Setting<std::vector<KindEntry>> setting({});
    const std::string fits = "KIND=" + value + " with a kind of 1 to 32 of a-z, 0-9, '_' and '-'";
    Declaration& declaration = declare(std::move(name), no_fallback, fits);
    declaration.split_variable = split_before_kinds;
    declaration.take = [value = setting.given_, fits](const std::string& given) -> std::string {
        std::string fault = fault_in_text(given);
        if (!fault.empty()) return fault;
        std::optional<KindEntry> entry = parse_kind_entry(given);
        if (!entry) return "is not " + fits;
        fault = fault_in_text(entry->value);
        if (!fault.empty()) return "has a value that " + fault;
        const auto& before = value->value;
        if (std::ranges::find(before, entry->kind, &KindEntry::kind) != before.end()) {
            return "names its kind for the second time";
        }
        value->add(*std::move(entry));
        return {};
    };
    return setting;
}

void SettingsReader::command(std::string word, std::string help, std::string argument) {
    commands_.push_back({std::move(word), std::move(help), std::move(argument)});
}

Setting<std::string> SettingsReader::command_flag(const std::string& word, std::string flag,
                                                  std::string value) {
    const auto command = std::ranges::find(commands_, word, &Command::word);
    assert(command != commands_.end());
    Setting<std::string> setting("");
    command->flags.push_back({std::move(flag), std::move(value), setting});
    return setting;
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

std::vector<KnownFlag> SettingsReader::flags() const {
    std::vector<KnownFlag> flags;
    for (const auto& declaration : declarations_) {
        const std::string& flag = declaration->name.flag;
        if (!flag.empty()) flags.push_back({flag, declaration->may_repeat()});
    }
    for (const Command& command : commands_) {
        for (const CommandFlag& flag : command.flags) flags.push_back({flag.name, false});
    }
    return flags;
}

std::vector<std::string> SettingsReader::variables() const {
    std::vector<std::string> variables;
    for (const auto& declaration : declarations_) variables.push_back(declaration->name.variable);
    return variables;
}

bool SettingsReader::is_on_command_line(const std::string& flag) const {
    return given_flags_.contains(flag);
}

void SettingsReader::take_values(const CommandLine& line) {
    ignored_variables_.clear();
    for (const auto& declaration : declarations_) {
        const std::string& flag = declaration->name.flag;
        const auto given = line.values.find(flag);
        if (given == line.values.end()) {
            take_variable(*declaration);
            continue;
        }
        given_flags_.insert(flag);
        for (const std::string& value : given->second) {
            take(*declaration, "--" + flag, declaration->split_flag(value));
        }
    }
    take_command_flags(line);
    note_mistyped_variables();
}

void SettingsReader::take_command_flags(const CommandLine& line) {
    for (const Command& command : commands_) {
        for (const CommandFlag& flag : command.flags) {
            const auto given = line.values.find(flag.name);
            const bool is_given = given != line.values.end();
            if (is_given != (command.word == given_command_)) {
                throw SettingsError(is_given ? "--" + flag.name + " belongs to the command " +
                                                   command.word + ", which comes first"
                                             : command.word + " needs --" + flag.name + " " +
                                                   flag.value);
            }
            if (!is_given) continue;
            const std::string& value = given->second.front();
            const std::string fault = fault_in_text(value);
            if (!fault.empty()) {
                throw SettingsError("--" + flag.name + ": " + quoted(value) + " " + fault);
            }
            flag.setting.given_->set(value);
        }
    }
}

void SettingsReader::take(const Declaration& declaration, const std::string& source,
                          const std::vector<std::string>& values) {
    for (const std::string& value : values) {
        const std::string fault = declaration.take(value);
        if (fault.empty()) continue;
        // A user who confuses a secret with the file that holds it gives it as the file's name.
        const std::string subject = declaration.is_guarding() ? "its value" : quoted(value);
        throw SettingsError(source + ": " + subject + " " + fault);
    }
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
    take(declaration, name, declaration.split_variable(value));
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

}  // namespace orders
