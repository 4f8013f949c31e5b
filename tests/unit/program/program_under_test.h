#pragma once

// A program that does nothing but read its settings. The environment of the tests does not reach
// it.

#include <stdlib.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/program/settings_reader.h"

namespace orders::test {

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

// A program with one setting of each kind, and commands without and with an argument.
struct ProgramUnderTest {
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

    ProgramUnderTest() {
        reader.command("healthcheck", "asks whether it is well");
        reader.command("copy", "writes the orders to another file", "FILE");
    }

    SettingsReader::Outcome parse(const std::vector<const char*>& arguments) {
        std::vector<const char*> argv{"./build/order-test"};
        argv.insert(argv.end(), arguments.begin(), arguments.end());
        argv.push_back(nullptr);
        return reader.parse(static_cast<int>(argv.size()) - 1, argv.data());
    }

    // The text of the SettingsError, or empty if there was none.
    std::string error_of(const std::vector<const char*>& arguments) {
        try {
            static_cast<void>(parse(arguments));
        } catch (const SettingsError& error) {
            return error.what();
        }
        return {};
    }
};

}  // namespace orders::test
