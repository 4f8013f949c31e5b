#pragma once

// The command line or the environment is wrong. The text is the one line that the user gets to see;
// it names the flag or the variable, the value (unless it is secret) and what would have been
// accepted.

#include <stdexcept>

namespace orders {

class SettingsError : public std::runtime_error {
   public:
    using std::runtime_error::runtime_error;
};

}  // namespace orders
