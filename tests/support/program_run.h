#pragma once

// A program that ends by itself, such as order-worker backup: run to its end, with what it printed.

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/eventually.h"

namespace orders::test {

struct Run {
    Ending ending;
    std::string output;
    std::vector<std::string> error_lines;
};

[[nodiscard]] inline Run run(const std::string& program, const std::vector<std::string>& flags,
                             const std::map<std::string, std::string>& environment = {}) {
    ChildProcess child(program, flags, environment);
    const Ending ending = child.wait_exit(patience);
    return {ending, child.output(), child.error_lines()};
}

// It ended at once with this status, and one line on standard error that has all the words.
inline void check_refused(const Run& refused, int status, const std::vector<std::string>& words) {
    CHECK_EQ(refused.ending, exited(status));
    CHECK_EQ(refused.output, "");
    REQUIRE_EQ(refused.error_lines.size(), 1);
    for (const std::string& word : words) {
        CHECK_MESSAGE(refused.error_lines[0].find(word) != std::string::npos, word, ": ",
                      refused.error_lines[0]);
    }
}

}  // namespace orders::test
