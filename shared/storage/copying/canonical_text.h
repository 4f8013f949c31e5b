#pragma once

// One text for each value, the same whichever store it comes from: what checksums of copies are
// made of. Different values have different texts. Pure functions, for any thread.

#include <string>

#include "shared/storage/copied_orders.h"

namespace orders {

// Each appends to the text.
void append_canonical(std::string& text, const CopiedNames& names);
void append_canonical(std::string& text, const CopiedOrder& order);

}  // namespace orders
