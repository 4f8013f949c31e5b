#pragma once

// The schema's history: numbered, forward-only SQL files from migrations/postgres, embedded at
// build. orders.schema_migrations has a row for each that was applied.

#include <string>
#include <vector>

#include "shared/storage/postgres/connection.h"

namespace orders::postgres {

struct Migration {
    std::string name;  // the file's, without .sql
    std::string sql;
};

// In the order in which they apply; the first has the number 1.
[[nodiscard]] const std::vector<Migration>& embedded_migrations();

// Applies what is missing, all of it by one transaction, while others wait. Throws StoreError
// (unusable) if the schema is another program's, or newer than the migrations given, or if the
// server does not keep what is committed; ServerError.
void migrate(Connection& connection, const std::vector<Migration>& migrations);

// Throws StoreError (unusable) unless the schema has the newest of the migrations.
void require_newest_schema(Connection& connection, const std::vector<Migration>& migrations);

}  // namespace orders::postgres
