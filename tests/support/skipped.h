#pragma once

// For a test case that cannot run on this machine or in this build: it says so, and passes.
//
//     if (!may_mount()) return skipped("needs root");

#include <iostream>
#include <string_view>

namespace orders::test {

inline void skipped(std::string_view reason) {
    std::cout << "skipped: " << reason << std::endl;
}

}  // namespace orders::test
