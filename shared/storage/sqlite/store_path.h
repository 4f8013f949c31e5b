#pragma once

// Turns the location that a user gave into the one path under which the store is known: SQLite and
// all companion files take their names from it, so that all users of a store meet at one turnstile,
// whatever they call it.

#include <string>

namespace orders::sqlite {

// Absolute, because some relative paths (":memory:", "file:x") mean something else to SQLite; and
// without links in its directory. The file need not exist. Throws StoreError (unusable) if there is
// no such directory, or a directory of this name.
[[nodiscard]] std::string usable_path(const std::string& location);

// The same for a store, whose file may be a link itself: the path of what it points to, even if
// that does not exist yet. Throws StoreError (unusable) also if it could not be told from another
// store, or is none: a file with several hard links, a file that is a mount of its own, and
// anything but a plain file. Opens nothing and creates nothing.
[[nodiscard]] std::string store_path(const std::string& location);

// The same, for callers that must not create the file. Throws StoreError (unusable) also if there
// is none.
[[nodiscard]] std::string existing_store_path(const std::string& location);

}  // namespace orders::sqlite
