#pragma once

// What a SettingsReader knows of one setting, for its own files only.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/program/settings_reader.h"

namespace orders {

struct SettingsReader::Declaration {
    SettingName name;  // a secret's has no flag
    std::string fallback;
    std::string fits;  // what a value must be, as in "'x' is not <fits>"
    // Takes a value, or says what is wrong with it, as in "'x' <is not fitting>".
    std::function<std::string(const std::string&)> take;
    bool is_number = false;
    std::string without = {};  // not empty if it guards something
    // Of a setting that takes any number of values: those that stand in what the flag is given,
    // and in the variable.
    std::vector<std::string> (*split_flag)(std::string_view) = as_one;
    std::vector<std::string> (*split_variable)(std::string_view) = as_one;

    [[nodiscard]] bool is_guarding() const { return !without.empty(); }
    [[nodiscard]] bool may_repeat() const { return split_variable != as_one; }

    static std::vector<std::string> as_one(std::string_view value) { return {std::string(value)}; }
};

}  // namespace orders
