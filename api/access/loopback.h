#pragma once

// Whether only this machine can reach what listens on a host: an API without tokens that others can
// reach deserves a warning. A pure function, for any thread.

#include <string>

namespace orders {

// For an address of either family and for the name `localhost`; no other name is looked up.
[[nodiscard]] bool is_loopback(const std::string& host);

}  // namespace orders
