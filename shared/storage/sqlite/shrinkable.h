#pragma once

// Brings a store from before 0.2.0 into the form in which space comes back (spare_pages.h): SQLite
// has to know for each page which other one names it (auto_vacuum = INCREMENTAL), and learns that
// of a file that has tables only by writing it anew (VACUUM).
//
// That is done with a rollback journal instead of a write-ahead log. A checkpoint that is cut off
// in the middle of a VACUUM leaves a file in which no page is where its schema says, so that
// nothing could be read of it to tell whose log lies beside it (log_ownership.h).

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/file_system.h"

namespace orders::sqlite {

using FreeBytes = std::function<std::optional<std::int64_t>(const std::string& path)>;

// Does nothing if the store has that form. Call it as the one who has the store to itself
// (occupancy.h), inside the turnstile, in no transaction, with an empty log. For the old pages and
// for the new ones it needs room for twice the file's size, in the file's directory; without it, or
// if SQLite finds another program there, it warns, and all stays as it is. Takes about a second for
// 100 MB. Killed at any moment, it loses nothing, and the next program does it again. Throws
// StoreError.
void make_shrinkable(Connection& connection, const FreeBytes& free_bytes = sqlite::free_bytes);

// Whether spare pages can be cut off the file (spare_pages.h). Throws StoreError.
[[nodiscard]] bool is_shrinkable(Connection& connection);

}  // namespace orders::sqlite
