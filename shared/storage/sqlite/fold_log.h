#pragma once

// Leaves a stopped store as one file: copies the write-ahead log into the database and removes it,
// with its index. Whoever copies the database file of a stopped service then has all of it.

#include <cstdint>
#include <string>

namespace orders::sqlite {

// A log is not this long (see WalBound) unless somebody has kept a snapshot open. Measured on two
// busy cores and a fast disk, every page another one: 48 MiB take 0.35 s, 64 MiB 0.6 s.
inline constexpr std::uintmax_t long_log_bytes = 80 * 1024 * 1024;

// Call it when no program uses the store any more, as the one who holds byte 0 of the presence file
// alone, and with no connection to the database in this process. It is worth a try, no more: if
// somebody has the database open all the same (SQLite's shell, a backup, a program that is too old
// to know the presence file), if the log is so long that it would take more than a second or two
// (long_log_bytes), or if anything is wrong, the log stays, which loses nothing: the next program
// that starts goes on with it. That is logged, for debugging only.
//
// It keeps what a commit has promised: SQLite's own lock keeps everybody else out of the database
// from before the first page is copied until after the log is gone, so no commit or checkpoint can
// overlap it; and the database is synced before the log is removed. After a kill or a power cut in
// the middle the log is still there, whole.
void fold_log(const std::string& database_path) noexcept;

}  // namespace orders::sqlite
