#pragma once

// A database for tests of the project's own SQLite wrapper, single values out of one, through that
// wrapper, and the errors that it throws.

#include <doctest/doctest.h>

#include <cstdint>
#include <stdexcept>
#include <string>

#include "shared/storage/sqlite/connection.h"
#include "shared/storage/store_error.h"
#include "tests/support/temp_dir.h"

namespace orders::sqlite {

// A database with an empty table `t (a)` that takes values of any type.
struct Database {
    Database() {
        connection.execute("PRAGMA journal_mode = WAL");
        connection.execute("CREATE TABLE t (a ANY UNIQUE) STRICT");
    }
    test::TempDir directory;
    std::string path = directory.file("test.db");
    Connection connection{path, Connection::Access::read_write};
};

// The query must have a row; its first column is the value.
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

template <typename Action>
StoreError error_of(Action action) {
    try {
        action();
    } catch (const StoreError& error) {
        return error;
    }
    throw std::runtime_error("no StoreError was thrown");
}

template <typename Action>
StoreError::Kind kind_of_error(Action action) {
    return error_of(action).kind();
}

}  // namespace orders::sqlite
