#pragma once

// The schema's history: numbered, forward-only SQL files from migrations/, embedded at build. The
// database's user_version is the number of the last one applied, its application_id says that it is
// an order store at all.

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

// Applies what is missing, each migration in a transaction of its own. The caller holds the
// turnstile. Throws StoreError (unusable), with the file untouched, if the database belongs to
// another program or its schema is newer than the migrations given.
void migrate(Connection& connection, const std::vector<Migration>& migrations);

// The number of the last migration applied; 0 for an empty file. Changes nothing. Throws as
// migrate() does.
[[nodiscard]] std::int64_t known_schema_version(Connection& connection,
                                                const std::vector<Migration>& migrations);

}  // namespace orders::sqlite
