#pragma once

// The row that says which store this is (migrations/sqlite/0002_store_identity.sql), and what keeps
// its `generation` a proof of which write-ahead log belongs to the file (log_ownership.h):
//   - the file has a new generation before the first log of that generation begins;
//   - every log begins with the page of that row. So whoever checkpoints a log writes it next,
//     before any other writer may.
// Costs one page and one sync for each log, of which there is one for 48 MiB.

#include <cstdint>
#include <string>

#include "shared/storage/order_reader.h"
#include "shared/storage/sqlite/connection.h"

namespace orders::sqlite {

// What a program does that starts while no other has the store open: creates the database if it is
// missing, migrates it, brings it into the form in which it can shrink, and gives it a new
// generation, and an incarnation if it has none. Throws StoreError. Killed at any moment, it loses
// nothing.
void begin_generation(const std::string& path);

// Of a store whose schema is up to date.
[[nodiscard]] StoreIdentity identity_of(Connection& connection);

// Writes the page of the row; for those that have just checkpointed the log.
class LogBeginning {
   public:
    // The schema must be up to date, and the connection outlive this.
    explicit LogBeginning(Connection& connection);
    // The caller holds the turnstile, and is in no transaction. Throws StoreError.
    void write();

   private:
    Connection& connection_;
    Statement touch_;
};

}  // namespace orders::sqlite
