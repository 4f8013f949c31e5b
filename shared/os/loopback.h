#pragma once

// Whether what is said to a host stays on this machine: an API without tokens that others can
// reach, and a webhook in plain HTTP that others can read, deserve a warning. A pure function, for
// any thread.

#include <string>

namespace orders {

// For an address of either family and for the name `localhost`; no other name is looked up.
[[nodiscard]] bool is_loopback(const std::string& host);

}  // namespace orders
