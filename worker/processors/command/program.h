#pragma once

// What is run for the orders of a kind. All of it is the operator's word; nothing in it comes from
// an order.

#include <string>
#include <string_view>
#include <vector>

namespace orders {

struct Program {
    std::string path;
    std::vector<std::string> arguments;  // the first is the program, as the operator named it
};

// Of `PROGRAM[ ARG...]`, which is split at blanks: nothing quotes them, and no shell ever sees it.
// PROGRAM is a path; one without a slash is looked for in PATH, which is read here.
[[nodiscard]] Program program_of(std::string_view text);

// Why it cannot be run, as the end of a sentence that begins with it; empty if it can.
[[nodiscard]] std::string fault_in_program(const Program& program);

}  // namespace orders
