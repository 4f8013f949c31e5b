#pragma once

// Whether the write-ahead log that lies beside a database belongs to it. SQLite takes any log that
// lies there, and so undoes a backup that was put back, or mixes two stores into one that is
// damaged.
//
// Every log begins with the page that says of which generation the store is (store_identity.h), and
// the file has that page too before the log begins: if a log says something else than the file
// alone, it belongs to another file. A file that is not in WAL mode, as `backup` makes them, has no
// log. In doubt the log is taken to belong: that is certain to lose nothing if it does.
//
// No connection of any process may be open on the file meanwhile, and no program may be about to
// open one: the caller has the store to itself (occupancy.h). Throws StoreError if it cannot look.

#include <string>

namespace orders::sqlite {

[[nodiscard]] bool has_foreign_log(const std::string& path);

// If the log belongs to another file, renames it to <path>-wal.stale-<time> and says so in the log;
// what it holds is kept for an operator.
void set_aside_foreign_log(const std::string& path);

}  // namespace orders::sqlite
