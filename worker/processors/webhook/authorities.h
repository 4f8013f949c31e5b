#pragma once

// Whom TLS trusts: certificates of authorities in a file (PEM). Any thread may ask.

#include <string>

namespace orders {

// The system's own file; empty if libcurl knows of none.
[[nodiscard]] std::string system_authorities();

// Whether there is at least one certificate in the file.
[[nodiscard]] bool has_certificates(const std::string& file);

}  // namespace orders
