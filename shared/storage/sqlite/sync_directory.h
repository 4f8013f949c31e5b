#pragma once

// Makes sure that a directory's files are found again after a power cut: syncing a file puts what
// is in it on disk, but not its name.
//
// Any thread may call it.

#include <string>
#include <system_error>

namespace orders::sqlite {

// Syncs the directory that the file is in, or was in. An error means that the names may be lost.
//
// If the directory may not be read by this user (mode 0311), or its file system cannot sync
// directories, there is no way to make sure: that is not an error, but logged as a warning, once
// per process.
[[nodiscard]] std::error_code sync_directory_of(const std::string& path);

// The same, for the names of a database. (SQLite syncs them too, but takes no notice of a failure.)
// Throws StoreError (unusable).
void sync_names(const std::string& path);

}  // namespace orders::sqlite
