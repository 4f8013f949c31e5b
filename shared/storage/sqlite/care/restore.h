#pragma once

// Puts a copy of a store in the place of another one. In this order, so that a kill at any moment
// leaves either the old store or the new one, each with its own log or none:
//
//     1. nobody has the store open, and nobody can open it (sole_use.h)
//     2. the copy is made beside it, checked, and synced (partial_file.h)
//     3. the copy and the old database exchange names
//     4. the old log follows the old database to its new name
//
// An old database that is not in WAL mode may have a rollback journal, which is moved away before
// 3, because the new one would obey it: a kill in between leaves it under the name that the old
// database was to have, with `-journal`. A kill between 3 and 4 leaves the new database beside a
// log that is not its own. Restoring again clears it away, and a program that starts notices that
// the log is of another generation.

#include <string>

#include "shared/storage/maintenance.h"

namespace orders::sqlite {

// As Storage::restore in shared/storage/maintenance.h.
[[nodiscard]] Restored restore(const std::string& location, const std::string& file);

}  // namespace orders::sqlite
