#pragma once

// One value out of a database, through the project's own SQLite wrapper: for tests of that wrapper
// and of the schema. The query must have a row; its first column is the value.

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

#include "shared/storage/sqlite/connection.h"

namespace orders::sqlite {

template <typename T>
T value_of(Connection& connection, Sql sql) {
    Statement statement(connection, sql);
    Cursor rows = statement.query();
    REQUIRE(rows.next());
    return rows.get<T>(0);
}

inline std::int64_t number(Connection& connection, Sql sql) {
    return value_of<std::int64_t>(connection, sql);
}

inline std::string text(Connection& connection, Sql sql) {
    return value_of<std::string>(connection, sql);
}

}  // namespace orders::sqlite
