#include "shared/program/settings_reader.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <cstdint>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace orders {
namespace {

using Outcome = SettingsReader::Outcome;

// Sets a variable of the environment, or unsets it, and puts back what was there.
class EnvironmentVariable {
   public:
    EnvironmentVariable(const char* name, const char* value) : name_(name) {
        if (const char* before = ::getenv(name); before != nullptr) before_ = before;
        set(value);
    }
    ~EnvironmentVariable() { set(before_ ? before_->c_str() : nullptr); }
    EnvironmentVariable(const EnvironmentVariable&) = delete;
    EnvironmentVariable& operator=(const EnvironmentVariable&) = delete;

   private:
    void set(const char* value) {
        if (value != nullptr) {
            ::setenv(name_, value, 1);
        } else {
            ::unsetenv(name_);
        }
    }

    const char* name_;
    std::optional<std::string> before_;
};

// Takes what is printed to standard output while it lives.
class CapturedStandardOutput {
   public:
    CapturedStandardOutput() : original_(std::cout.rdbuf(text_.rdbuf())) {}
    ~CapturedStandardOutput() { std::cout.rdbuf(original_); }
    CapturedStandardOutput(const CapturedStandardOutput&) = delete;
    CapturedStandardOutput& operator=(const CapturedStandardOutput&) = delete;

    [[nodiscard]] std::string text() const { return text_.str(); }

   private:
    std::ostringstream text_;
    std::streambuf* original_;
};

// A program with one setting of each kind, and commands without and with an argument. The variables
// of whoever runs the tests do not reach it.
struct Program {
    EnvironmentVariable no_port{"TEST_PORT", nullptr};
    EnvironmentVariable no_db{"TEST_DB", nullptr};
    EnvironmentVariable no_level{"TEST_LEVEL", nullptr};
    EnvironmentVariable no_drain{"TEST_DRAIN", nullptr};

    SettingsReader reader{"order-test", "Takes settings in."};
    Setting<std::string> db =
        reader.text({"db", "TEST_DB", "the file that holds the orders"}, "orders.db");
    Setting<std::int64_t> port =
        reader.integer({"port", "TEST_PORT", "the port to listen on"}, 8080, {0, 65535});
    Setting<std::int64_t> drain = reader.integer(
        {"drain-seconds", "TEST_DRAIN", "how long stopping may take"}, 10, {1, 600, "seconds"});
    Setting<std::string> level =
        reader.choice({"log-level", "TEST_LEVEL", "the smallest level that is logged"}, "INFO",
                      {"DEBUG", "INFO", "WARN", "ERROR"});

    Program() {
        reader.command("healthcheck", "asks whether it is well");
        reader.command("copy", "writes the orders to another file", "FILE");
    }

    Outcome parse(const std::vector<const char*>& arguments) {
        std::vector<const char*> argv{"./build/order-test"};
        argv.insert(argv.end(), arguments.begin(), arguments.end());
        argv.push_back(nullptr);
        return reader.parse(static_cast<int>(argv.size()) - 1, argv.data());
    }

    // The text of the SettingsError, or empty where there was none.
    std::string error_of(const std::vector<const char*>& arguments) {
        try {
            static_cast<void>(parse(arguments));
        } catch (const SettingsError& error) {
            return error.what();
        }
        return {};
    }
};

TEST_CASE("a setting that nobody gives has its default") {
    Program program;
    CHECK(program.parse({}) == Outcome::run);
    CHECK(program.db.value() == "orders.db");
    CHECK(program.port.value() == 8080);
    CHECK(program.drain.value() == 10);
    CHECK(program.level.value() == "INFO");
    CHECK(program.reader.given_command().empty());
}

TEST_CASE("a flag goes before its environment variable, which goes before the default") {
    Program program;
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

TEST_CASE("an environment variable that does not fit does no harm where the flag is given") {
    Program program;
    const EnvironmentVariable port("TEST_PORT", "rubbish");
    CHECK(program.parse({"--port=1"}) == Outcome::run);
    CHECK(program.port.value() == 1);
}

TEST_CASE("an environment variable that is set but empty counts as not set") {
    Program program;
    const EnvironmentVariable port("TEST_PORT", "");
    const EnvironmentVariable db("TEST_DB", "");
    const EnvironmentVariable level("TEST_LEVEL", "");
    CHECK(program.parse({}) == Outcome::run);
    CHECK(program.port.value() == 8080);
    CHECK(program.db.value() == "orders.db");
    CHECK(program.level.value() == "INFO");
}

TEST_CASE("a value stands behind the flag or behind an equals sign") {
    for (const auto& arguments :
         {std::vector<const char*>{"--port", "80", "--db", "a b"}, {"--port=80", "--db=a b"}}) {
        Program program;
        CHECK(program.parse(arguments) == Outcome::run);
        CHECK(program.port.value() == 80);
        CHECK(program.db.value() == "a b");
    }
}

TEST_CASE("a text may hold equals signs, dashes and whatever else a path may") {
    struct Case {
        std::vector<const char*> arguments;
        std::string db;
    };
    for (const auto& [arguments, db] :
         {Case{{"--db=a=b"}, "a=b"}, Case{{"--db", "-"}, "-"}, Case{{"--db", "-x"}, "-x"},
          Case{{"--db", "./--port"}, "./--port"},
          Case{{"--db=gr\xc3\xbc\xc3\x9f"}, "gr\xc3\xbc\xc3\x9f"}, Case{{"--db=a\nb"}, "a\nb"},
          Case{{"--db", "healthcheck"}, "healthcheck"}}) {
        Program program;
        CHECK(program.parse(arguments) == Outcome::run);
        CHECK(program.db.value() == db);
    }
}

TEST_CASE("the ends of a range fit") {
    for (const auto& [text, number] : {std::pair{"0", 0}, {"65535", 65535}, {"00080", 80}}) {
        Program program;
        CHECK(program.parse({"--port", text}) == Outcome::run);
        CHECK(program.port.value() == number);
    }
}

TEST_CASE("what is no whole number within the range is refused, and the line says what would fit") {
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
        Program by_flag;
        const std::string text = by_flag.error_of({"--port", value.c_str()});
        CHECK(text.starts_with("--port: '"));
        CHECK(text.ends_with("' " + fits));
        Program by_equals;
        CHECK(by_equals.error_of({("--port=" + value).c_str()}) == text);

        if (value.empty()) continue;  // as a variable it counts as not set
        Program by_variable;
        const EnvironmentVariable port("TEST_PORT", value.c_str());
        CHECK(by_variable.error_of({}) == "TEST_PORT" + text.substr(sizeof "--port" - 1));
    }
    CHECK(Program().error_of({"--port", "99999"}) == "--port: '99999' " + fits);
    CHECK(Program().error_of({"--port", "-5"}) == "--port: '-5' " + fits);
    CHECK(Program().error_of({"--drain-seconds", "0"}) ==
          "--drain-seconds: '0' is not a whole number of seconds from 1 to 600");
}

TEST_CASE("a text must not be empty") {
    CHECK(Program().error_of({"--db="}) == "--db: '' is not a text of at least one character");
    CHECK(Program().error_of({"--db", ""}) == "--db: '' is not a text of at least one character");
}

TEST_CASE("a choice is taken in any case and comes out as it was declared") {
    for (const char* const word : {"WARN", "warn", "Warn"}) {
        Program program;
        CHECK(program.parse({"--log-level", word}) == Outcome::run);
        CHECK(program.level.value() == "WARN");
    }
    for (const char* const word : {"", "WARNING", "WAR", "WARN ", "trace"}) {
        CAPTURE(word);
        CHECK(Program().error_of({"--log-level", word}) ==
              "--log-level: '" + std::string(word) + "' is not one of DEBUG, INFO, WARN, ERROR");
    }
    Program program;
    const EnvironmentVariable level("TEST_LEVEL", "loud");
    CHECK(program.error_of({}) == "TEST_LEVEL: 'loud' is not one of DEBUG, INFO, WARN, ERROR");
}

TEST_CASE("a command line that cannot be meant is refused with one line") {
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
        Program program;
        CHECK(program.error_of(arguments) == text);
    }
}

TEST_CASE("what the user gets to see is one short line, whatever was given") {
    CHECK(Program().error_of({"--port", "a\nb\x1b[31m\xff"}) ==
          "--port: 'a\\u000ab\\u001b[31m\xef\xbf\xbd' is not a whole number from 0 to 65535");
    CHECK(Program().error_of({"--a\nb"}) == "unknown flag '--a\\u000ab'; see --help");

    const std::string long_value(500'000, '1');
    Program program;
    CHECK(program.error_of({("--port=" + long_value).c_str()}).size() < 200);
    CHECK(program.error_of({long_value.c_str()}).size() < 200);
    CHECK(program.error_of({("--" + long_value).c_str()}).size() < 200);
    CHECK(program.error_of({("-" + long_value).c_str()}).size() < 200);
}

TEST_CASE("a command stands in front of the flags") {
    Program program;
    CHECK(program.parse({"healthcheck", "--port", "81"}) == Outcome::run);
    CHECK(program.reader.given_command() == "healthcheck");
    CHECK(program.port.value() == 81);

    Program alone;
    CHECK(alone.parse({"healthcheck"}) == Outcome::run);
    CHECK(alone.reader.given_command() == "healthcheck");
}

TEST_CASE("a command's argument stands right behind it") {
    for (const char* file :
         {"orders.copy", "healthcheck", "copy", "a b", "a=b", "./--port", "80"}) {
        CAPTURE(file);
        Program program;
        CHECK(program.parse({"copy", file, "--port", "81"}) == Outcome::run);
        CHECK(program.reader.given_command() == "copy");
        CHECK(program.reader.given_argument() == file);
        CHECK(program.port.value() == 81);
        // It is forgotten with the command line that it stood in.
        CHECK(program.parse({"healthcheck"}) == Outcome::run);
        CHECK(program.reader.given_argument().empty());
    }
}

TEST_CASE("a command without its argument, or with more than one, is refused") {
    Program program;
    const std::string missing = "copy needs a FILE right behind it";
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

TEST_CASE("--help and --version are answered behind a command without its argument") {
    Program program;
    const CapturedStandardOutput output;
    CHECK(program.parse({"copy", "--help"}) == Outcome::help_shown);
    CHECK(program.parse({"copy", "--version"}) == Outcome::version_shown);
}

TEST_CASE("--help shows everything that can be set, and how it ends") {
    Program program;
    const CapturedStandardOutput output;
    CHECK(program.parse({"--help"}) == Outcome::help_shown);
    CHECK(output.text() == program.reader.help());
    CHECK(output.text() == "order-test " ORDERS_VERSION R"(: Takes settings in.

Usage: order-test [command] [--flag value]...

Commands:
  healthcheck
      asks whether it is well
  copy FILE
      writes the orders to another file

Settings:
  --db VALUE
      the file that holds the orders
      a text of at least one character; default orders.db; environment TEST_DB
  --port VALUE
      the port to listen on
      a whole number from 0 to 65535; default 8080; environment TEST_PORT
  --drain-seconds VALUE
      how long stopping may take
      a whole number of seconds from 1 to 600; default 10; environment TEST_DRAIN
  --log-level VALUE
      the smallest level that is logged
      one of DEBUG, INFO, WARN, ERROR; default INFO; environment TEST_LEVEL
  -h, --help
      shows this text
  --version
      shows the version

A flag goes before its environment variable, which goes before the default.
A variable that is set but empty counts as not set.

Exit status:
  0      done, or stopped as asked
  1      the environment is broken: the store, the port, the disk
  2      the command line or the environment variables are wrong
  128+n  ended at once by a second signal, number n
)");
}

TEST_CASE("--help and --version are answered even where the settings do not fit") {
    const CapturedStandardOutput output;
    struct Case {
        const char* flag;
        Outcome outcome;
    };
    for (const Case& asked : {Case{"--help", Outcome::help_shown}, Case{"-h", Outcome::help_shown},
                              Case{"--version", Outcome::version_shown}}) {
        CAPTURE(asked.flag);
        Program program;
        const EnvironmentVariable port("TEST_PORT", "rubbish");
        CHECK(program.parse({"--drain-seconds", "9999", asked.flag}) == asked.outcome);
    }
}

TEST_CASE("--version prints the program's name and version") {
    Program program;
    const CapturedStandardOutput output;
    CHECK(program.parse({"--version"}) == Outcome::version_shown);
    CHECK(output.text() == "order-test " ORDERS_VERSION "\n");
}

TEST_CASE("output that cannot be written is an error") {
    Program program;
    const CapturedStandardOutput output;
    std::cout.setstate(std::ios::badbit);
    CHECK_THROWS_AS(static_cast<void>(program.parse({"--help"})), std::runtime_error);
    std::cout.clear();
}

TEST_CASE("a program without any argument, even its name, has its defaults") {
    Program program;
    const char* const nothing[] = {nullptr};
    CHECK(program.reader.parse(0, nothing) == Outcome::run);
    CHECK(program.port.value() == 8080);
}

}  // namespace
}  // namespace orders
