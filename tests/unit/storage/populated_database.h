#pragma once

// An order store made by hand, for tests of the schema and its migrations.

#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/migrations.h"
#include "tests/support/temp_dir.h"

namespace orders::sqlite {

// A new order store with one worker (1), and an order of each status (seq 1 to 6), not counted.
struct Populated {
    Populated() {
        migrate(connection, embedded_migrations());
        connection.execute(
            "INSERT INTO workers (id, name, host, threads, started_at, boot_id)"
            " VALUES (1, 'w', 'h', 1, 0, 'b');"
            "INSERT INTO orders (order_id, priority, processing_time, created_at)"
            " VALUES ('pending', 0, 1, 0);"
            "INSERT INTO orders (order_id, priority, processing_time, created_at, status, attempts,"
            " lease_token) VALUES ('processing', 0, 1, 0, 1, 1, 1);"
            "INSERT INTO leases (seq, worker, started_at, expires_at) VALUES (2, 1, 0, 0);"
            "INSERT INTO orders (order_id, priority, processing_time, created_at, status, attempts,"
            " lease_token, started_at, finished_at, worker) VALUES ('done', 1, 1, 0, 2, 1, 1, 5, "
            "6, 1);"
            "INSERT INTO orders (order_id, priority, processing_time, created_at, status, attempts,"
            " lease_token, started_at, finished_at, worker, failure)"
            " VALUES ('failed', 1, 1, 0, 3, 1, 1, 5, 6, 1, 'timeout');"
            "INSERT INTO orders (order_id, priority, processing_time, created_at, status,"
            " finished_at) VALUES ('cancelled', 1, 1, 0, 4, 6);"
            "INSERT INTO orders (order_id, priority, processing_time, created_at, status, due_at,"
            " place) VALUES ('waiting', 1, 1, 0, 5, 9, 0)");
    }
    test::TempDir directory;
    Connection connection{directory.file("orders.db"), Connection::Access::read_write};
};

}  // namespace orders::sqlite
