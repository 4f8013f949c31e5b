#pragma once

// The settings that a program declares, as its --help shows them: what a test says of all of them
// it also says of those that are still to come.

#include <doctest/doctest.h>

#include <regex>
#include <string>
#include <vector>

#include "tests/support/program_run.h"

namespace orders::test {

struct DeclaredSetting {
    std::string flag;  // with the dashes; empty for a secret
    std::string variable;
    std::string fits;  // what a value must be; empty for a secret
    std::string fallback;

    [[nodiscard]] bool is_secret() const { return flag.empty(); }
    [[nodiscard]] bool is_number() const { return fits.starts_with("a whole number"); }
    [[nodiscard]] bool is_text() const { return fits.starts_with("a text"); }
};

[[nodiscard]] inline std::vector<DeclaredSetting> declared_settings(const std::string& program) {
    const std::string help = run(program, {"--help"}).output;
    static const std::regex entry(
        "\n  (--[a-z-]+) VALUE\n[^\n]*\n      ([^;\n]+); default ([^;\n]+); environment "
        "([A-Z_]+)|\n  ([A-Z_]+)\n[^\n]*\n      in the environment only; default ([^;\n]+)");
    std::vector<DeclaredSetting> settings;
    for (std::sregex_iterator match(help.begin(), help.end(), entry), end; match != end; ++match) {
        const auto& part = *match;
        if (part[1].matched) {
            settings.push_back({part[1], part[4], part[2], part[3]});
        } else {
            settings.push_back({"", part[5], "", part[6]});
        }
    }
    CHECK_GT(settings.size(), 8);
    return settings;
}

}  // namespace orders::test
