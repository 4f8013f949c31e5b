#pragma once

// Turns the location that a user gave into the path under which SQLite is to open the file.

#include <string>

namespace orders::sqlite {

// Absolute, because some relative paths (":memory:", "file:x") mean something else to SQLite; and
// without links, so that all users of the file meet at one turnstile. The file need not exist.
// Throws StoreError (unusable) if there is no such directory, or a directory of this name.
[[nodiscard]] std::string usable_path(const std::string& location);

// The same, for callers that must not create the file. Throws StoreError (unusable) if there is
// none.
[[nodiscard]] std::string existing_path(const std::string& location);

}  // namespace orders::sqlite
