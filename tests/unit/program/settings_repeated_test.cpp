// Settings that take any number of values: how they come in by flags and by the environment.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/program/program_under_test.h"

namespace orders::test {
namespace {

struct RepeatingProgram : ProgramUnderTest {
    EnvironmentVariable no_names{"TEST_NAMES", nullptr};
    EnvironmentVariable no_hooks{"TEST_HOOKS", nullptr};

    Setting<std::vector<std::string>> names =
        reader.list({"name", "TEST_NAMES", "what friends call it"}, "names", "no name");
    Setting<std::vector<KindEntry>> hooks =
        reader.by_kind({"hook", "TEST_HOOKS", "where orders go"}, "URL");

    // As KIND=VALUE again.
    [[nodiscard]] std::vector<std::string> given_hooks() const {
        std::vector<std::string> texts;
        for (const auto& [kind, value] : hooks.value()) texts.push_back(kind.name() + "=" + value);
        return texts;
    }
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("settings_reader: a setting that may be repeated has no value unless it is given") {
    RepeatingProgram program;
    const EnvironmentVariable empty("TEST_HOOKS", "");
    CHECK(program.parse({}) == SettingsReader::Outcome::run);
    CHECK(program.names.value().empty());
    CHECK_FALSE(program.names.is_given());
    CHECK(program.hooks.value().empty());
    CHECK_FALSE(program.hooks.is_given());
}

TEST_CASE("settings_reader: a list comes by repeating the flag, by commas, or both") {
    for (const auto& arguments :
         {std::vector<const char*>{"--name", "a", "--name", "b", "--name=c"},
          {"--name", "a,b,c"},
          {"--name=a,b", "--port", "80", "--name", "c"}}) {
        RepeatingProgram program;
        CHECK(program.parse(arguments) == SettingsReader::Outcome::run);
        CHECK(program.names.value() == Texts{"a", "b", "c"});
        CHECK(program.names.is_given());
    }
    RepeatingProgram program;
    const EnvironmentVariable names("TEST_NAMES", "a,b c");
    CHECK(program.parse({}) == SettingsReader::Outcome::run);
    CHECK(program.names.value() == Texts{"a", "b c"});
}

TEST_CASE("settings_reader: a flag for kinds is one entry, the variable may have several") {
    RepeatingProgram by_flags;
    CHECK(by_flags.parse({"--hook", "mail=http://a/,sms=b", "--hook=default=c"}) ==
          SettingsReader::Outcome::run);
    CHECK(by_flags.given_hooks() == Texts{"mail=http://a/,sms=b", "default=c"});

    RepeatingProgram by_variable;
    const EnvironmentVariable hooks("TEST_HOOKS", "mail=http://a/?x,y,sms=b");
    CHECK(by_variable.parse({}) == SettingsReader::Outcome::run);
    CHECK(by_variable.given_hooks() == Texts{"mail=http://a/?x,y", "sms=b"});
    CHECK(by_variable.hooks.is_given());
}

TEST_CASE("settings_reader: repeated flags override all that the variable says") {
    RepeatingProgram program;
    const EnvironmentVariable names("TEST_NAMES", "from,environment");
    const EnvironmentVariable hooks("TEST_HOOKS", "rubbish");
    CHECK(program.parse({"--name", "a", "--hook", "mail=b"}) == SettingsReader::Outcome::run);
    CHECK(program.names.value() == Texts{"a"});
    CHECK(program.given_hooks() == Texts{"mail=b"});
}

TEST_CASE("settings_reader: what does not fit among several values is refused and named") {
    const std::string part = ", which would be part of it";
    const std::string no_hook = " is not KIND=URL with a kind of 1 to 32 of a-z, 0-9, '_' and '-'";
    struct Case {
        std::string flag;
        std::string variable;
        std::string value;
        std::string text;
    };
    for (const auto& [flag, variable, value, text] : {
             Case{"--name", "TEST_NAMES", "a,", "'' is not a text of at least one character"},
             Case{"--name", "TEST_NAMES", "a, b", "' b' begins with a blank" + part},
             Case{"--hook", "TEST_HOOKS", "mail", "'mail'" + no_hook},
             Case{"--hook", "TEST_HOOKS", "mail=", "'mail='" + no_hook},
             Case{"--hook", "TEST_HOOKS", "Mail=x", "'Mail=x'" + no_hook},
             Case{"--hook", "TEST_HOOKS", "mail=x ", "'mail=x ' ends with a blank" + part},
             Case{"--hook", "TEST_HOOKS", "mail= x",
                  "'mail= x' has a value that begins with a blank" + part},
         }) {
        CHECK(RepeatingProgram().error_of({(flag + "=" + value).c_str()}) == flag + ": " + text);
        RepeatingProgram program;
        const EnvironmentVariable given(variable.c_str(), value.c_str());
        CHECK(program.error_of({}) == variable + ": " + text);
    }
    CHECK(RepeatingProgram().error_of({"--name=a", "--name="}) ==
          "--name: '' is not a text of at least one character");
    CHECK(RepeatingProgram().error_of({"--name", "a", "--name", "--port"}) ==
          "--name needs a value, not '--port'");
}

TEST_CASE("settings_reader: a kind that comes twice in one setting is refused") {
    const std::string twice = " names its kind for the second time";
    CHECK(RepeatingProgram().error_of({"--hook", "mail=a", "--hook", "sms=a", "--hook=mail=b"}) ==
          "--hook: 'mail=b'" + twice);
    RepeatingProgram program;
    const EnvironmentVariable hooks("TEST_HOOKS", "mail=a,mail=a");
    CHECK(program.error_of({}) == "TEST_HOOKS: 'mail=a'" + twice);
}

TEST_CASE("settings_reader: --help tells which settings may be repeated") {
    const std::string help = RepeatingProgram().reader.help();
    CHECK(help.find("  --name VALUE\n      what friends call it.\n"
                    "      names, any number of times; default no name; environment TEST_NAMES,"
                    " with commas in between\n") != std::string::npos);
    CHECK(help.find("; default none; environment TEST_HOOKS, with commas in between\n") !=
          std::string::npos);
}

TEST_CASE("settings_reader: a setting tells whether the user gave it or it is the default") {
    ProgramUnderTest program;
    const EnvironmentVariable level("TEST_LEVEL", "info");
    CHECK(program.parse({"--port", "8080"}) == SettingsReader::Outcome::run);
    CHECK(program.port.is_given());
    CHECK(program.level.is_given());
    CHECK_FALSE(program.drain.is_given());
    CHECK_FALSE(program.db.is_given());
}

}  // namespace orders::test
