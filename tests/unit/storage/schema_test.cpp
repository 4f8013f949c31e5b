// The schema's rules are the last line of defence: what they forbid cannot be stored.

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include "shared/storage/sqlite/connection.h"
#include "tests/unit/storage/database_under_test.h"
#include "tests/unit/storage/populated_database.h"

namespace orders::sqlite {
namespace {

TEST_CASE("schema: no order can be stored that breaks a rule") {
    Populated database;
    // NOLINTBEGIN(bugprone-suspicious-missing-comma): long statements in two pieces
    constexpr Sql broken[] = {
        // the id
        "INSERT INTO orders (order_id, priority, processing_time, created_at) VALUES ('', 0, 1, 0)",
        "INSERT INTO orders (order_id, priority, processing_time, created_at)"
        " VALUES (NULL, 0, 1, 0)",
        "INSERT INTO orders (order_id, priority, processing_time, created_at)"
        " VALUES (printf('%065d', 1), 0, 1, 0)",
        "INSERT INTO orders (order_id, priority, processing_time, created_at)"
        " VALUES ('pending', 0, 1, 0)",
        // which store it is
        "INSERT INTO store (id, touched, store_id, incarnation, generation)"
        " VALUES (2, 0, printf('%032d', 1), '', '')",
        "UPDATE store SET store_id = ''",
        "UPDATE store SET incarnation = 'short'",
        "UPDATE store SET generation = 'short'",
        "UPDATE store SET touched = 2",
        // the values
        "INSERT INTO orders (order_id, priority, processing_time, created_at) VALUES ('x', 2, 1, "
        "0)",
        "INSERT INTO orders (order_id, priority, processing_time, created_at)"
        " VALUES ('x', 'High', 1, 0)",
        "INSERT INTO orders (order_id, priority, processing_time, created_at) VALUES ('x', 0, 0, "
        "0)",
        "INSERT INTO orders (order_id, priority, processing_time, created_at)"
        " VALUES ('x', 0, 86401, 0)",
        "INSERT INTO orders (order_id, priority, processing_time, created_at)"
        " VALUES ('x', 0, 1.5, 0)",
        "INSERT INTO orders (order_id, priority, processing_time, created_at)"
        " VALUES ('x', 0, 1, NULL)",
        "UPDATE orders SET status = 4 WHERE order_id = 'pending'",
        "UPDATE orders SET status = 6 WHERE order_id = 'pending'",
        "UPDATE orders SET status = -1 WHERE order_id = 'pending'",
        "UPDATE orders SET status = NULL WHERE order_id = 'pending'",
        "UPDATE orders SET attempts = -1 WHERE order_id = 'pending'",
        // every attempt was a claim, and the token counts claims
        "UPDATE orders SET attempts = 2 WHERE order_id = 'processing'",
        "UPDATE orders SET lease_token = 0 WHERE order_id = 'processing'",
        // a Processed order has a start, an end and a worker; what ended without an attempt has
        // neither start nor worker; no other has any of these
        "UPDATE orders SET status = 2 WHERE order_id = 'processing'",
        "UPDATE orders SET status = 2, finished_at = 6, worker = 1 WHERE order_id = 'processing'",
        "UPDATE orders SET status = 2, finished_at = 6, started_at = 5"
        " WHERE order_id = 'processing'",
        "UPDATE orders SET finished_at = 6 WHERE order_id = 'pending'",
        "UPDATE orders SET started_at = 5 WHERE order_id = 'processing'",
        "UPDATE orders SET worker = 1 WHERE order_id = 'processing'",
        "UPDATE orders SET started_at = 5, worker = 1 WHERE order_id = 'processing'",
        "UPDATE orders SET started_at = NULL, worker = NULL WHERE order_id = 'done'",
        "UPDATE orders SET started_at = NULL WHERE order_id = 'failed'",
        "UPDATE orders SET worker = 1 WHERE order_id = 'cancelled'",
        "UPDATE orders SET status = 0 WHERE order_id = 'done'",
        "UPDATE orders SET finished_at = NULL WHERE order_id = 'failed'",
        // a Failed order has a reason; no other has
        "UPDATE orders SET failure = 'timeout' WHERE order_id = 'done'",
        "UPDATE orders SET failure = NULL WHERE order_id = 'failed'",
        "UPDATE orders SET status = 3 WHERE order_id = 'done'",
        "UPDATE orders SET status = 2 WHERE order_id = 'failed'",
        "UPDATE orders SET failure = 'timeout' WHERE order_id = 'cancelled'",
        "UPDATE orders SET failure = 'timeout' WHERE order_id = 'waiting'",
        // what waits has a time, and no place; what is in the queue or in work has a place
        "UPDATE orders SET due_at = NULL WHERE order_id = 'waiting'",
        "UPDATE orders SET place = 1 WHERE order_id = 'waiting'",
        "UPDATE orders SET place = NULL WHERE order_id = 'waiting'",
        "UPDATE orders SET status = 0 WHERE order_id = 'waiting'",
        "UPDATE orders SET place = 0 WHERE order_id = 'pending'",
        "UPDATE orders SET place = 0 WHERE order_id = 'processing'",
        "UPDATE orders SET place = -1 WHERE order_id = 'done'",
        // kinds
        "UPDATE orders SET kind = 1 WHERE order_id = 'pending'",
        "UPDATE orders SET kind = NULL WHERE order_id = 'pending'",
        "INSERT INTO kinds (id, name) VALUES (64, 'mail')",
        "INSERT INTO kinds (id, name) VALUES (1, 'default')",
        "INSERT INTO kinds (id, name) VALUES (1, '')",
        "INSERT INTO kinds (id, name, is_paused) VALUES (1, 'mail', 2)",
        "DELETE FROM kinds",
        // what orders carry, what came of them, and past attempts
        "INSERT INTO order_inputs (seq) VALUES (99)",
        "INSERT INTO order_inputs (seq, timeout_seconds) VALUES (1, 0)",
        "INSERT INTO order_inputs (seq, timeout_seconds) VALUES (1, 86401)",
        "INSERT INTO order_inputs (seq, max_attempts) VALUES (1, 0)",
        "INSERT INTO order_inputs (seq, max_attempts) VALUES (1, 101)",
        "INSERT INTO order_inputs (seq, backoff_seconds) VALUES (1, 3601)",
        "INSERT INTO order_inputs (seq, fingerprint) VALUES (1, x'00')",
        "INSERT INTO order_inputs (seq, payload) VALUES (1, x'')",
        "INSERT INTO order_inputs (seq, payload) VALUES (1, 'text')",
        "INSERT INTO order_inputs (seq, payload) VALUES (1, zeroblob(1000001))",
        "INSERT INTO order_results (seq) VALUES (99)",
        "INSERT INTO order_results (seq, result) VALUES (1, x'')",
        "INSERT INTO order_results (seq, result) VALUES (1, zeroblob(1000001))",
        "INSERT INTO past_attempts (seq, token, worker, started_at, ended_at, outcome)"
        " VALUES (99, 1, 1, 0, 0, 0)",
        "INSERT INTO past_attempts (seq, token, worker, started_at, ended_at, outcome)"
        " VALUES (1, 1, 2, 0, 0, 0)",
        "INSERT INTO past_attempts (seq, token, worker, started_at, ended_at, outcome)"
        " VALUES (1, 1, 1, 0, 0, 5)",
        // what was done to orders
        "INSERT INTO order_actions VALUES (99, 1, 0, 0, 'ann')",
        "INSERT INTO order_actions VALUES (1, 0, 0, 0, 'ann')",
        "INSERT INTO order_actions VALUES (1, 1, 0, 3, 'ann')",
        "INSERT INTO order_actions VALUES (1, 1, 0, 0, '')",
        "INSERT INTO order_actions VALUES (1, 1, 0, 0, printf('%065d', 1))",
        // workers, leases, counts and the probe
        "UPDATE orders SET worker = 2 WHERE order_id = 'done'",
        "INSERT INTO leases VALUES (99, 1, 0, 0, 1, 1)",
        "INSERT INTO leases VALUES (1, 2, 0, 0, 1, 1)",
        "INSERT INTO leases VALUES (2, 1, 0, 0, 1, 1)",
        "INSERT INTO leases VALUES (1, 1, NULL, 0, 1, 1)",
        "INSERT INTO leases VALUES (1, 1, 0, NULL, 1, 1)",
        "INSERT INTO leases VALUES (1, 1, 0, 0, 0, 1)",
        "INSERT INTO leases VALUES (1, 1, 0, 0, 1, 0)",
        "DELETE FROM workers",
        "DELETE FROM orders WHERE order_id = 'processing'",
        "INSERT INTO workers (name, host, threads, started_at, boot_id)"
        " VALUES ('w', 'h', 1, 0, 'b')",
        "INSERT INTO workers (name, host, threads, started_at, boot_id)"
        " VALUES ('v', 'h', 0, 0, 'b')",
        "UPDATE order_counts SET orders = orders - 1 WHERE priority = 0 AND status = 0",
        "INSERT INTO order_counts VALUES (6, 0, 0, 0)",
        "INSERT INTO order_counts VALUES (4, 1, 0, 0)",
        "INSERT INTO order_counts VALUES (4, 0, 2, 0)",
        "INSERT INTO order_counts VALUES (4, 0, 0, -1)",
        "UPDATE bookkeeping SET content_bytes = -1",
        "INSERT INTO bookkeeping VALUES (2, 0, 0, 0, 0)",
        "INSERT INTO write_probe VALUES (2, 0)",
    };
    // NOLINTEND(bugprone-suspicious-missing-comma)
    for (const Sql& sql : broken) {
        CAPTURE(std::string(sql.text));
        CHECK_THROWS_AS(database.connection.execute(sql), std::logic_error);
    }
    CHECK(number(database.connection, "SELECT count(*) FROM orders") == 6);
    CHECK(text(database.connection, "PRAGMA integrity_check") == "ok");
}

TEST_CASE("schema: the limits themselves are allowed") {
    Populated database;
    // NOLINTBEGIN(bugprone-suspicious-missing-comma): long statements in two pieces
    constexpr Sql allowed[] = {
        "INSERT INTO orders (order_id, priority, processing_time, created_at)"
        " VALUES (printf('%064d', 1), 1, 86400, -1)",
        "INSERT INTO orders (order_id, priority, processing_time, created_at)"
        " VALUES ('x', 0, 1, 0)",
        "UPDATE orders SET status = 2, finished_at = 6, started_at = 5, worker = 1"
        " WHERE order_id = 'processing'",
        "UPDATE orders SET lease_token = 9 WHERE order_id = 'processing'",
        "UPDATE orders SET status = 3, failure = 'expired', finished_at = 6"
        " WHERE order_id = 'waiting'",
        "UPDATE orders SET status = 0, place = 1, finished_at = NULL WHERE order_id = 'cancelled'",
        "UPDATE orders SET place = 9223372036854775807 WHERE order_id = 'pending'",
        "INSERT INTO kinds (id, name) VALUES (63, printf('%032d', 1))",
        "INSERT INTO order_inputs VALUES (1, 86400, 100, 3600, zeroblob(16), zeroblob(1000000),"
        " NULL)",
        "INSERT INTO order_actions VALUES (1, 1, 0, 2, printf('%064d', 1))",
        "INSERT INTO order_results VALUES (1, 'because', zeroblob(1000000))",
        "INSERT INTO past_attempts VALUES (1, 1, 1, 5, 6, 4, NULL, NULL)",
    };
    // NOLINTEND(bugprone-suspicious-missing-comma)
    for (const Sql& sql : allowed) {
        CAPTURE(std::string(sql.text));
        CHECK_NOTHROW(database.connection.execute(sql));
    }
}

}  // namespace
}  // namespace orders::sqlite
