// Which values settings take, and where from.

#include "shared/program/settings_reader.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/unit/program/program_under_test.h"

namespace orders::test {

using Outcome = SettingsReader::Outcome;

TEST_CASE("settings_reader: a setting that nobody gives has its default") {
    ProgramUnderTest program;
    CHECK(program.parse({}) == Outcome::run);
    CHECK(program.db.value() == "orders.db");
    CHECK(program.port.value() == 8080);
    CHECK(program.drain.value() == 10);
    CHECK(program.level.value() == "INFO");
    CHECK(program.reader.given_command().empty());
}

TEST_CASE(
    "settings_reader: a flag overrides the environment variable, which overrides the default") {
    ProgramUnderTest program;
    const EnvironmentVariable port("TEST_PORT", "1000");
    const EnvironmentVariable db("TEST_DB", "/from/environment");
    SUBCASE("only the variable") {
        CHECK(program.parse({}) == Outcome::run);
        CHECK(program.port.value() == 1000);
        CHECK(program.db.value() == "/from/environment");
    }
    SUBCASE("both") {
        CHECK(program.parse({"--port", "2000"}) == Outcome::run);
        CHECK(program.port.value() == 2000);
        CHECK(program.db.value() == "/from/environment");
    }
}

TEST_CASE(
    "settings_reader: an environment variable that does not fit does no harm if the flag is "
    "given") {
    ProgramUnderTest program;
    const EnvironmentVariable port("TEST_PORT", "rubbish");
    CHECK(program.parse({"--port=1"}) == Outcome::run);
    CHECK(program.port.value() == 1);
}

TEST_CASE("settings_reader: an environment variable that is set but empty counts as not set") {
    ProgramUnderTest program;
    const EnvironmentVariable port("TEST_PORT", "");
    const EnvironmentVariable db("TEST_DB", "");
    const EnvironmentVariable level("TEST_LEVEL", "");
    CHECK(program.parse({}) == Outcome::run);
    CHECK(program.port.value() == 8080);
    CHECK(program.db.value() == "orders.db");
    CHECK(program.level.value() == "INFO");
}

TEST_CASE("settings_reader: a value stands after the flag or after an equals sign") {
    for (const auto& arguments :
         {std::vector<const char*>{"--port", "80", "--db", "a b"}, {"--port=80", "--db=a b"}}) {
        ProgramUnderTest program;
        CHECK(program.parse(arguments) == Outcome::run);
        CHECK(program.port.value() == 80);
        CHECK(program.db.value() == "a b");
    }
}

TEST_CASE("settings_reader: a text may hold equals signs, dashes and whatever else a path may") {
    struct Case {
        std::vector<const char*> arguments;
        std::string db;
    };
    for (const auto& [arguments, db] :
         {Case{{"--db=a=b"}, "a=b"}, Case{{"--db", "-"}, "-"}, Case{{"--db", "-x"}, "-x"},
          Case{{"--db", "./--port"}, "./--port"},
          Case{{"--db=gr\xc3\xbc\xc3\x9f"}, "gr\xc3\xbc\xc3\x9f"},
          Case{{"--db=it's \"a\" b"}, "it's \"a\" b"}, Case{{"--db=\xff"}, "\xff"},
          Case{{"--db", "healthcheck"}, "healthcheck"}}) {
        ProgramUnderTest program;
        CHECK(program.parse(arguments) == Outcome::run);
        CHECK(program.db.value() == db);
    }
}

TEST_CASE("settings_reader: the ends of a range fit") {
    for (const auto& [text, number] : {std::pair{"0", 0}, {"65535", 65535}, {"00080", 80}}) {
        ProgramUnderTest program;
        CHECK(program.parse({"--port", text}) == Outcome::run);
        CHECK(program.port.value() == number);
    }
}

TEST_CASE(
    "settings: a value that is not a whole number within the range is refused, and the line says "
    "what fits") {
    const std::string fits = "is not a whole number from 0 to 65535";
    std::vector<std::string> values{"abc",      "5x", " 5",   "5 ",    "+5",   "1e3", "1.0",
                                    "0x10",     "",   "1,0",  "\t5",   "-",    "NaN", "5\x01",
                                    "\xd9\xa3", "-1", "-0x1", "65536", "99999"};
    for (const char* const overflow :
         {"9223372036854775807", "9223372036854775808", "-9223372036854775809"})
        values.emplace_back(overflow);
    values.emplace_back(100, '9');
    for (const std::string& value : values) {
        CAPTURE(value);
        ProgramUnderTest by_flag;
        const std::string text = by_flag.error_of({"--port", value.c_str()});
        CHECK(text.starts_with("--port: '"));
        CHECK(text.ends_with("' " + fits));
        ProgramUnderTest by_equals;
        CHECK(by_equals.error_of({("--port=" + value).c_str()}) == text);

        if (value.empty()) continue;  // as a variable it counts as not set
        ProgramUnderTest by_variable;
        const EnvironmentVariable port("TEST_PORT", value.c_str());
        CHECK(by_variable.error_of({}) == "TEST_PORT" + text.substr(sizeof "--port" - 1));
    }
    CHECK(ProgramUnderTest().error_of({"--port", "99999"}) == "--port: '99999' " + fits);
    CHECK(ProgramUnderTest().error_of({"--port", "-5"}) == "--port: '-5' " + fits);
    CHECK(ProgramUnderTest().error_of({"--drain-seconds", "0"}) ==
          "--drain-seconds: '0' is not a whole number of seconds from 1 to 600");
}

TEST_CASE("settings_reader: a text with what comes from copying it is refused, and is shown") {
    struct Case {
        std::string value;
        std::string shown;
        std::string fault;
    };
    const std::string part = ", which would be part of it";
    for (const Case& spoiled :
         {Case{"p.db\r", "p.db\\u000d",
               "ends with a carriage return; give the file that it comes from line ends of Unix"},
          Case{"p.db\n", "p.db\\u000a", "has a control character in it"},
          Case{"\tp.db", "\\u0009p.db", "has a control character in it"},
          Case{"p\x1b.db", "p\\u001b.db", "has a control character in it"},
          Case{"p\x7f.db", "p\\u007f.db", "has a control character in it"},
          Case{"p\xc2\x85.db", "p\\u0085.db", "has a control character in it"},
          Case{" p.db", " p.db", "begins with a blank" + part},
          Case{"p.db ", "p.db ", "ends with a blank" + part},
          Case{" ", " ", "begins with a blank" + part},
          Case{"p.db\xc2\xa0", "p.db\xc2\xa0", "ends with a blank" + part},
          Case{"\xe2\x80\x8bp.db", "\xe2\x80\x8bp.db", "begins with a blank" + part},
          Case{"\"p.db\"", "\"p.db\"", "begins with a quote" + part},
          Case{"'p.db'", "'p.db'", "begins with a quote" + part},
          Case{"p.db\"", "p.db\"", "ends with a quote" + part},
          Case{"\xe2\x80\x9cp.db\xe2\x80\x9d", "\xe2\x80\x9cp.db\xe2\x80\x9d",
               "begins with a quote" + part},
          Case{"\xef\xbb\xbfp.db", "\xef\xbb\xbfp.db", "begins with a byte order mark" + part}}) {
        CAPTURE(spoiled.shown);
        ProgramUnderTest program;
        CHECK(program.error_of({("--db=" + spoiled.value).c_str()}) ==
              "--db: '" + spoiled.shown + "' " + spoiled.fault);
        const EnvironmentVariable db("TEST_DB", spoiled.value.c_str());
        CHECK(program.error_of({}) == "TEST_DB: '" + spoiled.shown + "' " + spoiled.fault);
        CHECK(program.db.value() == "orders.db");
    }
}

TEST_CASE("settings_reader: a link to a service in a number's variable is ignored, with a reason") {
    for (const std::string link : {"tcp://10.0.0.5:8080", "udp://[::1]:53", "TCP://x", "http://"}) {
        CAPTURE(link);
        ProgramUnderTest program;
        const EnvironmentVariable port("TEST_PORT", link.c_str());
        CHECK(program.parse({}) == Outcome::run);
        CHECK(program.port.value() == 8080);
        REQUIRE(program.reader.ignored_variables().size() == 1);
        const IgnoredVariable& ignored = program.reader.ignored_variables().front();
        CHECK(ignored.name == "TEST_PORT");
        CHECK(ignored.reason == "'" + link +
                                    "' is a link to a service, as platforms set it by themselves; "
                                    "--port has its default, 8080");
        // It says nothing of a variable that the flag overrides anyway.
        CHECK(program.parse({"--port", "81"}) == Outcome::run);
        CHECK(program.port.value() == 81);
        CHECK(program.reader.ignored_variables().empty());
    }
}

TEST_CASE("settings_reader: a link to a service is refused as a flag, and as what is no number") {
    const std::string link = "tcp://10.0.0.5:8080";
    CHECK(ProgramUnderTest().error_of({"--port", link.c_str()}) ==
          "--port: 'tcp://10.0.0.5:8080' is not a whole number from 0 to 65535");
    for (const char* const no_link : {"://x", "8080://", "t-c-p://x", "tcp:/10.0.0.5", "tcp"}) {
        ProgramUnderTest program;
        const EnvironmentVariable port("TEST_PORT", no_link);
        CHECK(program.error_of({}) ==
              "TEST_PORT: '" + std::string(no_link) + "' is not a whole number from 0 to 65535");
    }
    ProgramUnderTest program;
    const EnvironmentVariable level("TEST_LEVEL", link.c_str());
    CHECK(program.error_of({}) ==
          "TEST_LEVEL: 'tcp://10.0.0.5:8080' is not one of DEBUG, INFO, WARN, ERROR");
}

TEST_CASE("settings_reader: a variable with a typing error in its name is ignored, with a reason") {
    ProgramUnderTest program;
    const EnvironmentVariable mistyped("TEST_DRIAN", "5");
    const EnvironmentVariable unrelated("TEST_SUMMARY", "x");
    CHECK(program.parse({}) == Outcome::run);
    REQUIRE(program.reader.ignored_variables().size() == 1);
    CHECK(program.reader.ignored_variables()[0].name == "TEST_DRIAN");
    CHECK(program.reader.ignored_variables()[0].reason ==
          "there is no such setting; did you mean TEST_DRAIN?");
}

TEST_CASE("settings_reader: a text must not be empty") {
    CHECK(ProgramUnderTest().error_of({"--db="}) ==
          "--db: '' is not a text of at least one character");
    CHECK(ProgramUnderTest().error_of({"--db", ""}) ==
          "--db: '' is not a text of at least one character");
}

TEST_CASE("settings_reader: a choice is taken in any case and comes out as it was declared") {
    for (const char* const word : {"WARN", "warn", "Warn"}) {
        ProgramUnderTest program;
        CHECK(program.parse({"--log-level", word}) == Outcome::run);
        CHECK(program.level.value() == "WARN");
    }
    for (const char* const word : {"", "WARNING", "WAR", "WARN ", "trace"}) {
        CAPTURE(word);
        CHECK(ProgramUnderTest().error_of({"--log-level", word}) ==
              "--log-level: '" + std::string(word) + "' is not one of DEBUG, INFO, WARN, ERROR");
    }
    ProgramUnderTest program;
    const EnvironmentVariable level("TEST_LEVEL", "loud");
    CHECK(program.error_of({}) == "TEST_LEVEL: 'loud' is not one of DEBUG, INFO, WARN, ERROR");
}

TEST_CASE("settings_reader: a program without any argument, even its name, has its defaults") {
    ProgramUnderTest program;
    const char* const nothing[] = {nullptr};
    CHECK(program.reader.parse(0, nothing) == Outcome::run);
    CHECK(program.port.value() == 8080);
}

}  // namespace orders::test
