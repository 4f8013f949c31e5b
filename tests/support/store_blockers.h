#pragma once

// What may keep order-api and order-worker from storing anything, played by a test. They block from
// construction until they are destroyed.

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <string>

#include "shared/storage/sqlite/turnstile.h"

namespace orders::test {

// A process that has its turn to write, and stands still. While it lives, nobody else writes.
class TurnstileBlocker {
   public:
    explicit TurnstileBlocker(const std::string& database)
        : turnstile_(database), pass_(turnstile_.enter()) {}

   private:
    sqlite::Turnstile turnstile_;
    sqlite::Turnstile::Pass pass_;
};

// A program that knows nothing of turns, such as SQLite's own shell, with a transaction left open.
class StoreWriter {
   public:
    explicit StoreWriter(const std::string& database) {
        REQUIRE_EQ(sqlite3_open(database.c_str(), &handle_), SQLITE_OK);
        sqlite3_busy_timeout(handle_, 10'000);
        REQUIRE_EQ(sqlite3_exec(handle_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
    }
    ~StoreWriter() { sqlite3_close(handle_); }  // rolls back
    StoreWriter(const StoreWriter&) = delete;
    StoreWriter& operator=(const StoreWriter&) = delete;

   private:
    sqlite3* handle_ = nullptr;
};

}  // namespace orders::test
