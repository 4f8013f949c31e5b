#pragma once

// For how long what happens to orders is kept (change_log.h), and how much of it. WriteTransaction
// writes it.
//
// Used by the thread of the connection, which must outlive this, and be up to date.

#include <chrono>
#include <cstdint>

#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/write_access.h"

namespace orders::sqlite {

// What is written begins when somebody asks for it, inside the transaction that asks.
class ChangeKeeping {
   public:
    explicit ChangeKeeping(Connection& connection);

    // For so long from now on, at least.
    void keep(std::chrono::milliseconds duration, WriteTransaction& work);

   private:
    Connection& connection_;
    Statement is_kept_;
    Statement begin_;
    Statement note_begin_;
    Statement keep_;
};

// It ends when housekeeping finds that nobody has asked again: whether it is written hangs on no
// clock, so nothing is left out without anybody noticing.
class ChangeTidying {
   public:
    explicit ChangeTidying(WriteAccess& access);

    // Ends what nobody asks for, and deletes what is too old, some of it at a time. Looks first,
    // without writing. Throws StoreError.
    void step(UtcTime now);

   private:
    // So that others get their turn in between.
    static constexpr int trims_per_step = 10;

    WriteAccess& access_;
    Statement is_to_end_;
    Statement end_;
    Statement surplus_;
    Statement trim_;
};

}  // namespace orders::sqlite
