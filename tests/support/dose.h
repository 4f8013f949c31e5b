#pragma once

// How much of an attack a test carries out: the short form in every test run, the long form if
// ORDERS_FAULTS=long is in the environment, as `./dev faults` sets it.

#include <cstdlib>
#include <string_view>

namespace orders::test {

[[nodiscard]] inline bool is_long_form() {
    const char* const form = std::getenv("ORDERS_FAULTS");
    return form != nullptr && std::string_view(form) == "long";
}

[[nodiscard]] inline int dose(int in_short_form, int in_long_form) {
    return is_long_form() ? in_long_form : in_short_form;
}

}  // namespace orders::test
