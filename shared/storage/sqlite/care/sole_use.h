#pragma once

// The right to be the only one who uses a store, for as long as the object lives: to replace it, or
// to have it to oneself from then on.
// Whoever has the store open is noticed, and whoever opens it meanwhile waits, or is refused, until
// the object dies.
//
// Three locks say so, which the kernel drops if the process dies: byte 0 of the presence file, held
// by every program for as long as it runs; SQLite's own lock on the database file, which every
// connection of any program holds that has read from it, such as a backup, a verification, SQLite's
// shell, and programs of this project that are too old to know the presence file; and the
// turnstile, so that such an old one does not open the file that is about to be replaced.
//
// Belongs to one thread. The process must have no connection to the database.

#include <string>
#include <utility>

#include "shared/os/file_descriptor.h"
#include "shared/storage/sqlite/presence_file.h"
#include "shared/storage/sqlite/turnstile.h"

namespace orders::sqlite {

class SoleUse {
   public:
    // There need be no database. `purpose` is what the store is wanted for, in errors. Throws
    // StoreError (unusable) at once if somebody has it open, if this user may not write it, or if
    // its directory takes no locks.
    explicit SoleUse(const std::string& database_path, const std::string& purpose = "replace");

    // What goes on to keep programs of this project out, when all else is given up: then this
    // process may open the database.
    [[nodiscard]] PresenceFile keep_presence() && { return std::move(presence_); }

   private:
    PresenceFile presence_;
    FileDescriptor database_;
    Turnstile turnstile_;
    Turnstile::Pass pass_;
};

}  // namespace orders::sqlite
