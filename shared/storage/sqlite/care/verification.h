#pragma once

// Checks a whole order store: first the file as SQLite sees it, then the schema, then every row
// (order_checks.h). All of it sees one snapshot, and changes nothing.
//
// What an operator added for questions of his own is no finding: a table, a view, an index. What
// can change or refuse the program's own writes is one: a trigger, a unique index, a foreign key.

#include <string>

#include "shared/storage/maintenance.h"

namespace orders::sqlite {

// As Storage::verify in shared/storage/maintenance.h.
[[nodiscard]] Verification verify(const std::string& location);

}  // namespace orders::sqlite
