// Flags that belong to one command: they must come with it, and with nothing else.

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/program/captured_standard_output.h"
#include "tests/unit/program/program_under_test.h"

namespace orders::test {
namespace {

struct Program : ProgramUnderTest {
    Program() { reader.command("move", "moves the orders"); }

    Setting<std::string> from = reader.command_flag("healthcheck", "from", "STORE");
    Setting<std::string> to = reader.command_flag("healthcheck", "to", "STORE");
};

}  // namespace

TEST_CASE("command_flags: they are read with their command, in any order") {
    Program program;
    CHECK(program.parse({"healthcheck", "--to=b", "--port", "7", "--from", "a"}) ==
          SettingsReader::Outcome::run);
    CHECK(program.from.value() == "a");
    CHECK(program.to.value() == "b");
    CHECK(program.port.value() == 7);
    CHECK(program.reader.given_command() == "healthcheck");
}

TEST_CASE("command_flags: a command without one of its flags is refused") {
    Program program;
    CHECK(program.error_of({"healthcheck", "--from", "a"}) == "healthcheck needs --to STORE");
    CHECK(program.error_of({"healthcheck"}) == "healthcheck needs --from STORE");
    CHECK(program.error_of({"healthcheck", "--from", "a", "--to"}) == "--to needs a value");
    CHECK(program.error_of({"healthcheck", "--from", "a", "--from", "a", "--to", "b"}) ==
          "--from is given more than once");
    CHECK(program.error_of({"healthcheck", "--from", "a ", "--to", "b"}) ==
          "--from: 'a ' ends with a blank, which would be part of it");
}

TEST_CASE("command_flags: without their command they are refused, and others do not need them") {
    Program program;
    const std::string refusal = "--to belongs to the command healthcheck, which comes first";
    CHECK(program.error_of({"--to", "b"}) == refusal);
    CHECK(program.error_of({"move", "--to", "b"}) == refusal);
    CHECK(program.error_of({"move"}).empty());
    CHECK(program.error_of({}).empty());
}

TEST_CASE("command_flags: the help shows them with their command") {
    Program program;
    const CapturedStandardOutput output;
    CHECK(program.parse({"healthcheck", "--help"}) == SettingsReader::Outcome::help_shown);
    CHECK(output.text().find("  healthcheck --from STORE --to STORE\n      asks whether") !=
          std::string::npos);
}

}  // namespace orders::test
