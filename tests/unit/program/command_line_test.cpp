// The form of the command line: flags, commands and what no user can have intended; and --help.

#include <doctest/doctest.h>

#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "shared/program/settings_reader.h"
#include "tests/unit/program/captured_standard_output.h"
#include "tests/unit/program/program_under_test.h"

namespace orders::test {

using Outcome = SettingsReader::Outcome;

TEST_CASE("command_line: a command line that cannot be intended is refused with one line") {
    struct Case {
        std::vector<const char*> arguments;
        std::string text;
    };
    for (const auto& [arguments, text] : {
             Case{{"--prot", "80"}, "unknown flag '--prot'; see --help"},
             Case{{"--prot=80"}, "unknown flag '--prot'; see --help"},
             Case{{"--PORT=80"}, "unknown flag '--PORT'; see --help"},
             Case{{"--por", "80"}, "unknown flag '--por'; see --help"},
             Case{{"-p", "80"}, "unknown flag '-p'; see --help"},
             Case{{"-5"}, "unknown flag '-5'; see --help"},
             Case{{"--p%q"}, "unknown flag '--p%q'; see --help"},
             Case{{"---port", "1"}, "unknown flag '---port'; see --help"},
             Case{{"80"}, "unexpected word '80'; see --help"},
             Case{{"--port", "1", "2"}, "unexpected word '2'; see --help"},
             Case{{""}, "unexpected word ''; see --help"},
             Case{{"-"}, "unexpected word '-'; see --help"},
             Case{{"--", "x"}, "unexpected word 'x'; see --help"},
             Case{{"port=80"}, "unexpected word 'port=80'; see --help"},
             Case{{"healthchek"}, "unexpected word 'healthchek'; see --help"},
             Case{{"--port"}, "--port needs a value"},
             Case{{"--db", "x", "--port"}, "--port needs a value"},
             Case{{"--db", "--port", "80"}, "--db needs a value, not '--port'"},
             Case{{"--db", "--help"}, "--db needs a value, not '--help'"},
             Case{{"--port", "--db", "x"}, "--port needs a value, not '--db'"},
             Case{{"--port", "80", "--port", "80"}, "--port is given more than once"},
             Case{{"--port=80", "--port", "81"}, "--port is given more than once"},
             Case{{"--help=yes"}, "--help takes no value"},
             Case{{"--version=1"}, "--version takes no value"},
             Case{{"--port", "80", "healthcheck"}, "'healthcheck' must come before the flags"},
             Case{{"healthcheck", "healthcheck"}, "'healthcheck' must come before the flags"},
             Case{{"healthcheck", "now"}, "unexpected word 'now'; see --help"},
         }) {
        ProgramUnderTest program;
        CHECK(program.error_of(arguments) == text);
    }
}

TEST_CASE("command_line: what the user gets to see is one short line, whatever was given") {
    CHECK(ProgramUnderTest().error_of({"--port", "a\nb\x1b[31m\xff"}) ==
          "--port: 'a\\u000ab\\u001b[31m\xef\xbf\xbd' is not a whole number from 0 to 65535");
    CHECK(ProgramUnderTest().error_of({"--a\nb"}) == "unknown flag '--a\\u000ab'; see --help");

    const std::string long_value(500'000, '1');
    ProgramUnderTest program;
    CHECK(program.error_of({("--port=" + long_value).c_str()}).size() < 200);
    CHECK(program.error_of({long_value.c_str()}).size() < 200);
    CHECK(program.error_of({("--" + long_value).c_str()}).size() < 200);
    CHECK(program.error_of({("-" + long_value).c_str()}).size() < 200);
}

TEST_CASE("command_line: a command stands in front of the flags") {
    ProgramUnderTest program;
    CHECK(program.parse({"healthcheck", "--port", "81"}) == Outcome::run);
    CHECK(program.reader.given_command() == "healthcheck");
    CHECK(program.port.value() == 81);

    ProgramUnderTest alone;
    CHECK(alone.parse({"healthcheck"}) == Outcome::run);
    CHECK(alone.reader.given_command() == "healthcheck");
}

TEST_CASE("command_line: a command's argument stands right after it") {
    for (const char* file :
         {"orders.copy", "healthcheck", "copy", "a b", "a=b", "./--port", "80"}) {
        CAPTURE(file);
        ProgramUnderTest program;
        CHECK(program.parse({"copy", file, "--port", "81"}) == Outcome::run);
        CHECK(program.reader.given_command() == "copy");
        CHECK(program.reader.given_argument() == file);
        CHECK(program.port.value() == 81);
        // It is forgotten with the command line that it stood in.
        CHECK(program.parse({"healthcheck"}) == Outcome::run);
        CHECK(program.reader.given_argument().empty());
    }
}

TEST_CASE("command_line: a command without its argument, or with more than one, is refused") {
    ProgramUnderTest program;
    const std::string missing = "copy needs a FILE right after it";
    CHECK(program.error_of({"copy"}) == missing);
    CHECK(program.error_of({"copy", ""}) == missing);
    CHECK(program.error_of({"copy", "--port", "81"}) == missing);
    CHECK(program.error_of({"copy", "--port", "81", "orders.copy"}) == missing);
    CHECK(program.error_of({"copy", "a", "b"}) == "unexpected word 'b'; see --help");
    CHECK(program.error_of({"copy", "a", "--port", "81", "b"}) ==
          "unexpected word 'b'; see --help");
    CHECK(program.error_of({"copy", "a", "copy"}) == "'copy' must come before the flags");
    CHECK(program.error_of({"healthcheck", "a"}) == "unexpected word 'a'; see --help");
    CHECK(program.error_of({"coppy", "a"}) == "unexpected word 'coppy'; see --help");
}

TEST_CASE("command_line: --help and --version are answered after a command without its argument") {
    ProgramUnderTest program;
    const CapturedStandardOutput output;
    CHECK(program.parse({"copy", "--help"}) == Outcome::help_shown);
    CHECK(program.parse({"copy", "--version"}) == Outcome::version_shown);
}

TEST_CASE("command_line: --help shows everything that can be set, and how it ends") {
    ProgramUnderTest program;
    const CapturedStandardOutput output;
    CHECK(program.parse({"--help"}) == Outcome::help_shown);
    CHECK(output.text() == program.reader.help());
    CHECK(output.text() == "order-test " ORDERS_VERSION R"(: Takes settings in.

Usage: order-test [command] [--flag value]...

Commands:
  healthcheck
      asks whether it is well.
  copy FILE
      writes the orders to another file.

Settings:
  --db VALUE
      the file that holds the orders.
      a text without blanks or quotes around it; default orders.db; environment TEST_DB
  --port VALUE
      the port to listen on.
      a whole number from 0 to 65535; default 8080; environment TEST_PORT
  --drain-seconds VALUE
      how long stopping may take.
      a whole number of seconds from 1 to 600; default 10; environment TEST_DRAIN
  --log-level VALUE
      the smallest level that is logged.
      one of DEBUG, INFO, WARN, ERROR; default INFO; environment TEST_LEVEL
  -h, --help
      shows this text.
  --version
      shows the version.

A flag overrides the environment variable, which overrides the default.
A variable that is set but empty counts as not set.

Exit status:
  0      done, or stopped as asked
  1      the environment is broken: the store, the port, the disk
  2      the command line or the environment variables are wrong
  3      the store was removed, moved or replaced while it was in use
  128+n  ended at once by a second signal, number n
)");
}

TEST_CASE("command_line: --help and --version are answered even if the settings do not fit") {
    const CapturedStandardOutput output;
    struct Case {
        const char* flag;
        Outcome outcome;
    };
    for (const Case& asked : {Case{"--help", Outcome::help_shown}, Case{"-h", Outcome::help_shown},
                              Case{"--version", Outcome::version_shown}}) {
        CAPTURE(asked.flag);
        ProgramUnderTest program;
        const EnvironmentVariable port("TEST_PORT", "rubbish");
        CHECK(program.parse({"--drain-seconds", "9999", asked.flag}) == asked.outcome);
    }
}

TEST_CASE("command_line: --version prints the program's name and version") {
    ProgramUnderTest program;
    const CapturedStandardOutput output;
    CHECK(program.parse({"--version"}) == Outcome::version_shown);
    CHECK(output.text() == "order-test " ORDERS_VERSION "\n");
}

TEST_CASE("command_line: output that cannot be written is an error") {
    ProgramUnderTest program;
    const CapturedStandardOutput output;
    std::cout.setstate(std::ios::badbit);
    CHECK_THROWS_AS(static_cast<void>(program.parse({"--help"})), std::runtime_error);
    std::cout.clear();
}

}  // namespace orders::test
