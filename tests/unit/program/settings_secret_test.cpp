// Settings that are secret, and settings that need not be there: how they come in, and that a
// secret never comes out.

#include <doctest/doctest.h>
#include <stdlib.h>

#include <optional>
#include <string>
#include <vector>

#include "shared/program/settings_reader.h"

namespace orders {
namespace {

struct Program {
    Program() { unset_all(); }
    ~Program() { unset_all(); }

    static void unset_all() {
        for (const char* const variable : {"TEST_SECRET", "TEST_FILE", "TEST_NICKNAME"}) {
            ::unsetenv(variable);
        }
    }

    void parse(std::vector<const char*> arguments) {
        arguments.insert(arguments.begin(), "order-test");
        const int count = static_cast<int>(arguments.size());
        if (reader.parse(count, arguments.data()) != SettingsReader::Outcome::run) FAIL("not run");
    }

    SettingsReader reader{"order-test", "Takes settings in."};
    Setting<std::optional<std::string>> secret =
        reader.secret({"TEST_SECRET", "what only friends know", "a door that is open"});
    Setting<std::optional<std::string>> file =
        reader.optional_text({"file", "TEST_FILE", "where more of it is"}, "a door that is open");
    Setting<std::optional<std::string>> nickname =
        reader.optional_text({"nickname", "TEST_NICKNAME", "what friends call it"});

    // The text of the SettingsError.
    std::string error_of(const std::vector<const char*>& arguments) {
        try {
            parse(arguments);
        } catch (const SettingsError& error) {
            return error.what();
        }
        FAIL("was taken");
        return {};
    }
};

}  // namespace

TEST_CASE("settings_reader: a secret and an optional text are nothing unless they are given") {
    Program program;
    SUBCASE("not set") {}
    SUBCASE("set but empty, if it guards nothing") {
        ::setenv("TEST_NICKNAME", "", 1);
    }
    program.parse({});
    CHECK(program.secret.value() == std::nullopt);
    CHECK(program.file.value() == std::nullopt);
    CHECK(program.nickname.value() == std::nullopt);
}

TEST_CASE("settings_reader: what guards something is refused if it is set but empty") {
    Program program;
    ::setenv("TEST_SECRET", "", 1);
    CHECK(program.error_of({}) == "TEST_SECRET is set but empty; unset it for a door that is open");
    ::unsetenv("TEST_SECRET");
    ::setenv("TEST_FILE", "", 1);
    CHECK(program.error_of({}) == "TEST_FILE is set but empty; unset it for a door that is open");
    program.parse({"--file", "from/flag"});
    CHECK(program.file.value() == "from/flag");
}

TEST_CASE("settings_reader: the name of a file that guards something is not quoted") {
    Program program;
    ::setenv("TEST_FILE", "s3cret\r", 1);
    CHECK(program.error_of({}) ==
          "TEST_FILE: its value ends with a carriage return; give the file that it comes from line "
          "ends of Unix");
    CHECK(program.error_of({"--file", "'s3cret'"}) ==
          "--file: its value begins with a quote, which would be part of it");
}

TEST_CASE("settings_reader: a secret comes from its variable as it is, whatever is in it") {
    Program program;
    for (const char* value : {"s3cret", " ", "--flag", "two\nlines", "\xff"}) {
        ::setenv("TEST_SECRET", value, 1);
        program.parse({});
        CHECK(program.secret.value() == value);
    }
}

TEST_CASE("settings_reader: a secret has no flag") {
    Program program;
    for (const char* flag : {"--=s3cret", "--TEST_SECRET=s3cret", "--test-secret=s3cret"}) {
        CAPTURE(flag);
        try {
            program.parse({flag});
            FAIL("was taken");
        } catch (const SettingsError& error) {
            CHECK(std::string(error.what()).find("s3cret") == std::string::npos);
        }
        CHECK(program.secret.value() == std::nullopt);
    }
}

TEST_CASE(
    "settings_reader: an optional text comes from its flag or its variable, and must not be "
    "empty") {
    Program program;
    ::setenv("TEST_FILE", "from/variable", 1);
    program.parse({});
    CHECK(program.file.value() == "from/variable");
    program.parse({"--file", "from/flag"});
    CHECK(program.file.value() == "from/flag");
    CHECK_THROWS_AS(program.parse({"--file="}), SettingsError);
}

TEST_CASE("settings_reader: --help describes a secret and does not show it") {
    Program program;
    ::setenv("TEST_SECRET", "s3cret", 1);
    program.parse({});
    const std::string help = program.reader.help();
    CHECK(help.find("  TEST_SECRET\n      what only friends know.\n      in the environment only; "
                    "default none\n") != std::string::npos);
    CHECK(help.find("  --file VALUE\n      where more of it is.\n      a text without blanks or "
                    "quotes around it; default none; environment TEST_FILE\n") !=
          std::string::npos);
    CHECK(help.find("A variable that is set but empty counts as not set; but TEST_SECRET and "
                    "TEST_FILE must not be empty.\n") != std::string::npos);
    CHECK(help.find("s3cret") == std::string::npos);
}

}  // namespace orders
