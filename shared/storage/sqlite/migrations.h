#pragma once

// The schema's history: numbered, forward-only SQL files from migrations/, embedded at build. The
// database's user_version is the number of the last one applied, its application_id says that it is
// an order store at all.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "shared/storage/sqlite/connection.h"

namespace orders::sqlite {

struct Migration {
    std::string name;  // the file's, without .sql
    std::string sql;
};

// In the order in which they apply; the first has the number 1.
[[nodiscard]] const std::vector<Migration>& embedded_migrations();

// Applies what is missing, each migration in a transaction of its own, so a kill at any moment
// leaves each done or not begun. The log says when one begins (unless the store is new), every
// report_interval that it goes on, and how long it took. The caller holds the turnstile. Throws
// StoreError (unusable), with the file untouched, if the database belongs to another program or its
// schema is newer than the migrations given.
void migrate(Connection& connection, const std::vector<Migration>& migrations,
             std::chrono::milliseconds report_interval = std::chrono::milliseconds(5'000));

// The number of the last migration applied; 0 for an empty file. Changes nothing. Throws as
// migrate() does.
[[nodiscard]] std::int64_t known_schema_version(Connection& connection,
                                                const std::vector<Migration>& migrations);

}  // namespace orders::sqlite
