#pragma once

// Finds the variables of the environment that were probably meant to be settings but have a typing
// error in their name: left alone, they would be ignored without a word, and API_TOKEN leaves an
// API open.
//
// A variable counts as mistyped if it differs from a setting's by one letter (left out, added,
// changed, or swapped with its neighbour), by two if the name is long, or only in upper and lower
// case, and begins with the same word. What platforms set by themselves for a service called `api`,
// `service` or `db` (API_SERVICE_HOST, API_PORT_8080_TCP, SERVICE_HOST) is further away than that.
//
// Pure functions, for any thread.

#include <string>
#include <string_view>
#include <vector>

namespace orders {

struct MistypedVariable {
    std::string given;
    std::string meant;  // one of the settings' variables
};

// `environment` is like the one of a process: an array of NAME=VALUE that ends with a null pointer.
[[nodiscard]] std::vector<MistypedVariable> mistyped_variables(
    const std::vector<std::string>& known, const char* const* environment);

}  // namespace orders
