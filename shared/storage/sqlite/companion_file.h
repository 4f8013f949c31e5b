#pragma once

// The small files of our own that lie beside the database: locks and the bell. Never SQLite's own,
// whose locks closing a descriptor would drop.

#include <string>

#include "shared/os/file_descriptor.h"

namespace orders::sqlite {

// What helps if one of them cannot be used.
[[nodiscard]] std::string companion_hint();

// Opens it for reading and writing, and creates it if it is missing: with the owner (if this is
// root) and the mode of the database, as SQLite does with its own files, so that whoever may write
// the database may write this. `path` is the database's with one more extension. Throws StoreError
// (unusable; full if there is no room for it), whose hint names the users if this one may not.
[[nodiscard]] FileDescriptor open_companion_file(const std::string& path);

}  // namespace orders::sqlite
