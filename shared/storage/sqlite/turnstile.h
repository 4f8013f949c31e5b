#pragma once

// One writer at a time among all threads and processes on a database, first come first served.
// SQLite's own lock is a race that a busy writer wins almost always: others sleep, look again, and
// starve. Here they queue in the kernel instead.
//
// It is two flock() files beside the database. A writer takes A, then B, and lets A go:
// B is the right to write, A the right to be next. A writer that has just written must queue for A
// behind the one that waits. The kernel releases both when their process dies. Every write
// transaction and every checkpoint goes through, so no checkpoint ever overlaps a commit; with
// SQLite 3.7.0 to 3.51.2 such an overlap could, very rarely, corrupt the database (fixed in SQLite
// 3.51.3, "WAL reset bug").
//
// flock() cannot time out, so a Pass should be held for milliseconds. A process that is
// frozen while it holds one keeps all writers waiting, as it would with SQLite's own lock.
//
// A Turnstile is used by one thread at a time; threads that compete need one each.

#include <string>

#include "shared/os/file_descriptor.h"

namespace orders::sqlite {

class Turnstile {
   public:
    // Creates the two files if they are missing. Throws StoreError (unusable).
    explicit Turnstile(const std::string& database_path);

    // The right to write, until destroyed. Must not outlive its turnstile.
    class [[nodiscard]] Pass {
       public:
        Pass(Pass&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
        Pass(const Pass&) = delete;
        Pass& operator=(Pass&&) = delete;
        Pass& operator=(const Pass&) = delete;
        ~Pass();

       private:
        friend class Turnstile;
        explicit Pass(int file) noexcept : file_(file) {}
        int file_;
    };

    // Waits for its turn. Throws StoreError (unusable).
    Pass enter();
    // The same, for a process that opens the store: after a second it logs what it waits for,
    // because nothing else would say why the process does not get on.
    Pass enter_to_open();

    // Whether somebody has the right to write now. Not for one who has it.
    [[nodiscard]] bool is_taken();

   private:
    const std::string database_path_;
    FileDescriptor next_;     // A
    FileDescriptor writing_;  // B
};

}  // namespace orders::sqlite
