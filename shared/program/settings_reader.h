#pragma once

// Reads a program's settings: a flag goes before its environment variable, which goes before the
// default. An environment variable that is set but empty counts as not set. A value that does not
// fit throws SettingsError, whose text is the one line that the user gets to see; it names the flag
// or the variable, the value and what would have fitted. A secret has no flag, because command
// lines are seen by everybody on the machine, and is never quoted.
//
// A program first declares all its settings, then calls parse(), then reads them:
//
//     SettingsReader reader("order-api", "Takes orders in over HTTP.");
//     auto port = reader.integer({"port", "API_PORT", "the port to listen on"}, 8080, {0, 65535});
//     reader.parse(argc, argv);
//     listen(port.value());
//
// --help and --version are there by themselves; parse() says whether one of them was asked for.

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace orders {

class SettingsError : public std::runtime_error {
   public:
    using std::runtime_error::runtime_error;
};

// How a setting is called. `flag` is without the dashes; `help` is one short sentence.
struct SettingName {
    std::string flag;
    std::string variable;
    std::string help;
};

// A setting that only an environment variable can give. `help` is as above.
struct SecretName {
    std::string variable;
    std::string help;
};

// Smallest and largest value that fits, both included, and what it is counted in ("seconds", "").
struct IntegerRange {
    std::int64_t min;
    std::int64_t max;
    std::string unit = {};
};

// The value of a declared setting; there is one once parse() has returned.
template <typename T>
class Setting {
   public:
    [[nodiscard]] const T& value() const { return *value_; }

   private:
    friend class SettingsReader;
    explicit Setting(std::shared_ptr<T> value) : value_(std::move(value)) {}
    std::shared_ptr<T> value_;
};

class SettingsReader {
   public:
    enum class Outcome { run, help_shown, version_shown };

    SettingsReader(std::string program, std::string description);
    ~SettingsReader();
    SettingsReader(const SettingsReader&) = delete;
    SettingsReader& operator=(const SettingsReader&) = delete;

    // Any text but the empty one.
    Setting<std::string> text(SettingName name, std::string fallback);
    // The same, or nothing where it is not given.
    Setting<std::optional<std::string>> optional_text(SettingName name);
    // Likewise. Whether it fits is for the program to say, in words that do not quote it.
    Setting<std::optional<std::string>> secret(SecretName name);
    // A whole number within the range.
    Setting<std::int64_t> integer(SettingName name, std::int64_t fallback,
                                  const IntegerRange& range);
    // One of the choices; upper and lower case are the same. The value is spelled as in `choices`.
    Setting<std::string> choice(SettingName name, std::string fallback,
                                std::vector<std::string> choices);
    // Declares a word that may stand in front of the flags (`order-api healthcheck`). Where it
    // takes an argument, which comes right behind it, `argument` is what the help calls that
    // (`order-worker backup FILE`).
    void command(std::string word, std::string help, std::string argument = {});

    // Reads the command line and the environment. Prints to standard output where the outcome says
    // so. Throws SettingsError.
    [[nodiscard]] Outcome parse(int argc, const char* const* argv);

    // The word of command() that was given, or empty.
    [[nodiscard]] const std::string& given_command() const noexcept;
    // What stood behind it; never empty where the command takes an argument.
    [[nodiscard]] const std::string& given_argument() const noexcept;

    [[nodiscard]] std::string help() const;

   private:
    struct Declaration;
    Declaration& declare(SettingName name, std::string fallback, std::string fits);

    struct Command {
        std::string word;
        std::string help;
        std::string argument;
    };
    [[nodiscard]] const Command* find_command(const std::string& word) const;

    std::string program_;
    std::string description_;
    std::vector<std::unique_ptr<Declaration>> declarations_;
    std::vector<Command> commands_;
    std::string given_command_;
    std::string given_argument_;
};

}  // namespace orders
