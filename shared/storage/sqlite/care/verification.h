#pragma once

// Checks a whole order store: first the file as SQLite sees it, then the schema, then every row
// (order_checks.h). All of it sees one snapshot, and changes nothing.
//
// Extra tables, views and indexes, which an operator may need for other questions, are ignored.
// Anything extra that can change or refuse the program's own writes is a finding: a trigger, a
// unique index, a foreign key.

#include <string>

#include "shared/storage/maintenance.h"
#include "shared/storage/sqlite/connection.h"

namespace orders::sqlite {

// As Storage::verify in shared/storage/maintenance.h.
[[nodiscard]] Verification verify(const std::string& location);

// The same checks for a store of the newest schema that is open already, inside a transaction of
// the caller's, whose changes they see.
[[nodiscard]] Verification verify(Connection& connection);

}  // namespace orders::sqlite
