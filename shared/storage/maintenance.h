#pragma once

// What an operator does with a store besides running it (see Storage in open_storage.h): copies it,
// has it checked, and puts a copy back in its place.
//
// Copying and checking work while any number of programs use the store, hold up none of them, and
// change nothing in it; a store that is not there is not created. Both look at one moment of the
// store for as long as they take. What is written meanwhile cannot be moved from SQLite's
// write-ahead log into the database before they end, so the log grows until then.
//
// Storage::back_up(file) copies the store, as it is at one moment, into a new file: one file, which
// can be opened as a store as it stands, and which is on disk when this returns. The file appears
// under its name complete or not at all. Until then it is the hidden .FILE.order-backup-partial
// beside it; after an error nothing is left. If the process is killed, the partial file stays, is
// never taken for a copy, and is replaced by the next backup to the same file. The copy gets the
// store's mode as far as its file system allows, else it is for this user only. Throws StoreError:
//   - unusable if there is no store at the location; if the file exists already (it is never
//     replaced) or cannot be made; if one of the names is a file of the store, or the hidden one is
//     not a plain file of this process's user;
//   - full if there is no room for it.
//
// Storage::verify() checks everything that the store promises: that the file is undamaged and has
// the schema of this program (and besides it nothing that has a say in what is written), that every
// value is one that the program could have written, that the counters equal a recount, and that
// exactly the Processing orders are leased. It reads all of the store, in memory that does not grow
// with the number of orders: a few seconds for a million of them. Throws StoreError if there is
// nothing to check: damaged if the file is not a database; unusable if there is no such file, or if
// it is another program's or of a version that this program does not know.
//
// Storage::restore(file) puts a copy of the orders in `file` in the place of the store, or in a
// place where there is none yet. The file may be a backup, or any other store that is sound, of
// this program's schema or an older one; it is only read. The copy is checked as verify() checks,
// and with it the way from an older schema to this program's, before anything else happens. Then it
// replaces the database and its log as one: whatever moment the process is killed at, the store is
// the old one or the new one, each whole. What was there before is kept beside it, database and
// log, under another name. The new store is on disk when this returns, and has the mode and the
// owner of the one before it. Call it in a process that has not opened the store. Throws
// StoreError, with the store untouched:
//   - unusable if any program has the store open; if `file` is not a store, is not sound, is newer
//     than this program, or is a file of the store itself; or if this user may not replace the
//     store;
//   - damaged if `file` cannot be read as a database;
//   - full if there is no room for the copy beside what is there.

#include <cstdint>
#include <string>
#include <vector>

#include "shared/storage/order_reader.h"

namespace orders {

struct Backup {
    std::int64_t orders = 0;  // in the copy
    std::int64_t bytes = 0;   // its size
};

struct Verification {
    StatusCounts orders;                // recounted
    std::int64_t findings = 0;          // 0: the store is sound
    std::vector<std::string> examples;  // one line each; the first few of each kind of finding
};

struct Restored {
    std::int64_t orders = 0;  // in the store
    std::int64_t bytes = 0;   // its size
    std::string kept;         // where the store is that was there before; empty if there was none
};

}  // namespace orders
