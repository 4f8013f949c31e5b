#pragma once

// A program whose standard descriptors are not the test's pipes: run by a shell, which becomes it.

#include <string>

#include "tests/support/order_processes.h"

namespace orders::test {

inline const std::string shell = "/bin/sh";

// What the shell has to be given so that it becomes the program with these redirections, as it
// spells them.
[[nodiscard]] inline OrderProcesses::Flags redirected(const std::string& redirections,
                                                      const std::string& program,
                                                      const OrderProcesses::Flags& flags = {}) {
    OrderProcesses::Flags all{"-c", "exec \"$0\" \"$@\" " + redirections, program};
    all.insert(all.end(), flags.begin(), flags.end());
    return all;
}

}  // namespace orders::test
