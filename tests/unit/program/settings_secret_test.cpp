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
    Program() {
        ::unsetenv("TEST_SECRET");
        ::unsetenv("TEST_FILE");
    }
    ~Program() {
        ::unsetenv("TEST_SECRET");
        ::unsetenv("TEST_FILE");
    }

    void parse(std::vector<const char*> arguments) {
        arguments.insert(arguments.begin(), "order-test");
        const int count = static_cast<int>(arguments.size());
        if (reader.parse(count, arguments.data()) != SettingsReader::Outcome::run) FAIL("not run");
    }

    SettingsReader reader{"order-test", "Takes settings in."};
    Setting<std::optional<std::string>> secret =
        reader.secret({"TEST_SECRET", "what only friends know"});
    Setting<std::optional<std::string>> file =
        reader.optional_text({"file", "TEST_FILE", "where more of it is"});
};

}  // namespace

TEST_CASE("settings_reader: a secret and an optional text are nothing unless they are given") {
    Program program;
    SUBCASE("not set") {}
    SUBCASE("set but empty") {
        ::setenv("TEST_SECRET", "", 1);
        ::setenv("TEST_FILE", "", 1);
    }
    program.parse({});
    CHECK(program.secret.value() == std::nullopt);
    CHECK(program.file.value() == std::nullopt);
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
    CHECK(help.find("  TEST_SECRET\n      what only friends know\n      in the environment only; "
                    "default none\n") != std::string::npos);
    CHECK(help.find("  --file VALUE\n      where more of it is\n      a text of at least one "
                    "character; default none; environment TEST_FILE\n") != std::string::npos);
    CHECK(help.find("s3cret") == std::string::npos);
}

}  // namespace orders
