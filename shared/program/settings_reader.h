#pragma once

// Reads a program's settings: a flag overrides the environment variable, which overrides the
// default. An environment variable that is set but empty counts as not set, except for settings
// that guard something: an empty one of those is what a secret that could not be looked up looks
// like. A value that does not fit throws SettingsError. A secret has no flag, because everybody on
// the machine can see command lines, and it is never quoted.
//
// Two kinds of environment variables are ignored, but not without a word: ignored_variables().
//
// Declare all settings first, then call parse(), then read them, all on one thread:
//
//     SettingsReader reader("order-api", "Takes orders in over HTTP.");
//     auto port = reader.integer({"port", "API_PORT", "the port to listen on"}, 8080, {0, 65535});
//     reader.parse(argc, argv);
//     listen(port.value());
//
// --help and --version need no declaration; parse() tells whether one of them was given.

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "shared/program/setting_entries.h"
#include "shared/program/settings_error.h"

namespace orders {

struct CommandLine;
struct KnownFlag;

// What a setting is called. `flag` is without the dashes; `help` is one short sentence.
struct SettingName {
    std::string flag;
    std::string variable;
    std::string help;
};

// A setting that only an environment variable can give. `help` is as above; `without` says what
// there is without it, as in "unset it for <without>".
struct SecretName {
    std::string variable;
    std::string help;
    std::string without;
};

// A variable of the environment that was not heeded, and why, in one sentence that does not quote a
// value which may be secret.
struct IgnoredVariable {
    std::string name;
    std::string reason;
};

// Smallest and largest value that fits, both included, and what it is counted in ("seconds", "").
struct IntegerRange {
    std::int64_t min;
    std::int64_t max;
    std::string unit = {};
};

// The value of a declared setting: the default until parse() has returned.
template <typename T>
class Setting {
   public:
    [[nodiscard]] const T& value() const { return given_->value; }
    // Whether it is the user's word, if only to say what is the default anyway.
    [[nodiscard]] bool is_given() const { return given_->is_given; }

   private:
    friend class SettingsReader;
    struct Given {
        T value;
        bool is_given = false;

        void set(T other) {
            value = std::move(other);
            is_given = true;
        }
        template <typename Entry>
        void add(Entry entry) {
            value.push_back(std::move(entry));
            is_given = true;
        }
    };
    explicit Setting(T fallback) : given_(std::make_shared<Given>(Given{std::move(fallback)})) {}
    std::shared_ptr<Given> given_;
};

class SettingsReader {
   public:
    enum class Outcome { run, help_shown, version_shown };

    SettingsReader(std::string program, std::string description);
    ~SettingsReader();
    SettingsReader(const SettingsReader&) = delete;
    SettingsReader& operator=(const SettingsReader&) = delete;

    // Any text without a fault (text_faults.h).
    Setting<std::string> text(SettingName name, std::string fallback);
    // The same, or nothing if it is not given. With `without`, which is as for a secret, the
    // setting guards something.
    Setting<std::optional<std::string>> optional_text(SettingName name, std::string without = {});
    // Any text, or nothing if it is not given. Whether it fits is for the program to say, in words
    // that do not quote it. It guards something.
    Setting<std::optional<std::string>> secret(SecretName name);
    // A whole number within the range. Its environment variable is ignored if it is a link to a
    // service (`tcp://10.0.0.5:8080`): platforms set API_PORT so for a service that is called
    // `api`, and nobody else does.
    Setting<std::int64_t> integer(SettingName name, std::int64_t fallback,
                                  const IntegerRange& range);
    // One of the choices; upper and lower case are the same. The value is spelled as in `choices`.
    Setting<std::string> choice(SettingName name, std::string fallback,
                                std::vector<std::string> choices);
    // Any number of texts without a fault, none by default, with commas in between; the flag may be
    // repeated, too. `items` says what they are, and `fallback` what holds without any.
    Setting<std::vector<std::string>> list(SettingName name, std::string items,
                                           std::string fallback = "none");
    // A text for each of some kinds of orders, none by default. The flag is repeated, `KIND=VALUE`
    // each time; the variable has all of them, as in setting_entries.h. A kind that comes twice is
    // refused. `value` is what a VALUE is called.
    Setting<std::vector<KindEntry>> by_kind(SettingName name, const std::string& value);
    // Declares a word that may stand in front of the flags (`order-api healthcheck`). If it takes
    // an argument, which comes right after it, `argument` is what the help calls that
    // (`order-api backup FILE`).
    void command(std::string word, std::string help, std::string argument = {});
    // A flag that belongs to the command, which was declared before: it must be given with that,
    // and with nothing else. `value` is what the help calls what it takes, any text without a
    // fault. Nothing but the command line can give it.
    Setting<std::string> command_flag(const std::string& word, std::string flag, std::string value);

    // Reads the command line and the environment. If the outcome is not `run`, it has printed what
    // was asked for to standard output, and the settings are not read. Throws SettingsError, and
    // std::runtime_error if it cannot print.
    [[nodiscard]] Outcome parse(int argc, const char* const* argv);

    // The word of command() that was given; empty if none was.
    [[nodiscard]] const std::string& given_command() const noexcept;
    // What came after it; never empty if the command takes an argument.
    [[nodiscard]] const std::string& given_argument() const noexcept;

    // Whether the flag was given on the command line, which others can read.
    [[nodiscard]] bool is_on_command_line(const std::string& flag) const;

    // Links to services where a number belongs, and variables that are probably mistyped
    // (mistyped_variables.h). The program should log them at its start.
    [[nodiscard]] const std::vector<IgnoredVariable>& ignored_variables() const noexcept;

    [[nodiscard]] std::string help() const;

   private:
    struct Declaration;
    Declaration& declare(SettingName name, std::string fallback, std::string fits);

    struct CommandFlag {
        std::string name;
        std::string value;  // what the help calls it
        Setting<std::string> setting;
    };
    struct Command {
        std::string word;
        std::string help;
        std::string argument;
        std::vector<CommandFlag> flags = {};
    };
    [[nodiscard]] const Command* find_command(const std::string& word) const;
    [[nodiscard]] std::vector<KnownFlag> flags() const;
    [[nodiscard]] std::vector<std::string> variables() const;
    [[noreturn]] void refuse_stray(const std::string& stray) const;
    void take_values(const CommandLine& line);
    void take_command_flags(const CommandLine& line);
    static void take(const Declaration& declaration, const std::string& source,
                     const std::vector<std::string>& values);
    void take_variable(const Declaration& declaration);
    void note_mistyped_variables();

    std::string program_;
    std::string description_;
    std::vector<std::unique_ptr<Declaration>> declarations_;
    std::vector<Command> commands_;
    std::vector<IgnoredVariable> ignored_variables_;
    std::set<std::string> given_flags_;
    std::string given_command_;
    std::string given_argument_;
};

}  // namespace orders
