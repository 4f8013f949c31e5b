#pragma once

// Whether the write-ahead log that lies beside a database belongs to it. SQLite takes any log that
// lies there, and so undoes a backup that was put back, or mixes two stores into one that is
// damaged.
//
// Every log begins with the page that says of which generation the store is (store_identity.h), and
// the file has that generation before the log begins, or both have none: if a log says something
// else than the file alone, it belongs to another file. A file that is not in WAL mode, as `backup`
// makes them, has no log. In doubt the log is taken to belong: that is certain to lose nothing if
// it does.
//
// If a program begins a generation meanwhile, the answer may be wrong: who acts on it has the store
// to itself, and who only reads asks again (both in occupancy.h). Throws StoreError if it cannot
// look.

#include <string>

namespace orders::sqlite {

[[nodiscard]] bool has_foreign_log(const std::string& path);

// If the log belongs to another file, renames it to <path>-wal.stale-<time> and says so in the log;
// what it holds is kept for an operator, and so is what was set aside before. A log that holds no
// more than a generation is removed.
void set_aside_foreign_log(const std::string& path);

}  // namespace orders::sqlite
