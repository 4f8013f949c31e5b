#pragma once

// Checks a whole order store: first the file as SQLite sees it, then the schema, then every row
// (order_checks.h). All of it sees one snapshot, and changes nothing.

#include <string>

#include "shared/storage/store_care.h"

namespace orders::sqlite {

// As verify_orders in shared/storage/store_care.h.
[[nodiscard]] Verification verify(const std::string& location);

}  // namespace orders::sqlite
