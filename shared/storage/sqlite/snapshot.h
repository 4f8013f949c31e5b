#pragma once

// A read transaction: all that is read while it lives is of one moment.

#include <exception>

#include "shared/storage/sqlite/connection.h"

namespace orders::sqlite {

class Snapshot {
   public:
    explicit Snapshot(Connection& connection) : connection_(connection) {
        connection_.execute("BEGIN");
    }
    // One that fails to end would keep the log alive, so it ends in any case.
    ~Snapshot() {
        try {
            connection_.execute("COMMIT");
        } catch (const std::exception&) {  // the connection is broken; its next use says so
        }
    }
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;

   private:
    Connection& connection_;
};

}  // namespace orders::sqlite
