#pragma once

// The small files of our own that lie beside the database: locks and the bell. Never SQLite's own,
// whose locks closing a descriptor would drop.

#include <string>
#include <string_view>

#include "shared/os/file_descriptor.h"

namespace orders::sqlite {

// What helps if one of them cannot be used.
inline constexpr std::string_view companion_hint =
    "the directory of the database must exist and be writable for this user";

// Opens it for reading and writing, and creates it if it is missing. Throws StoreError (unusable).
[[nodiscard]] FileDescriptor open_companion_file(const std::string& path);

}  // namespace orders::sqlite
