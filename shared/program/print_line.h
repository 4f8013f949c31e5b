#pragma once

// What commands print to standard output.

#include <string>

#include "shared/storage/order_reader.h"

namespace orders {

// Throws std::runtime_error if it cannot.
void print_line(const std::string& line);

// "1 Pending, 0 Processing, ..."
[[nodiscard]] std::string counts_as_text(const StatusCounts& counts);

}  // namespace orders
