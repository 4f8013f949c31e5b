#pragma once

// A store as 0.1.0 left it: its first schema, in a file that cannot shrink, with nothing in a log.

#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/store_audit.h"

namespace orders::test {

// With this many orders that are Pending, and behind them as many that were Processed in 1970.
inline void make_old_store(const std::string& path, int pending, int processed = 0) {
    std::ofstream(path).close();  // run_sql() makes no database
    std::ifstream schema(ORDERS_SOURCE_DIR "/migrations/sqlite/0001_orders.sql");
    const auto numbers = [](int count) {
        return "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers"
               " WHERE n < " +
               std::to_string(count) + ") ";
    };
    const auto count = [](int orders, int status) {
        return "UPDATE order_counts SET orders = " + std::to_string(orders) +
               " WHERE priority = 1 AND status = " + std::to_string(status) + ";";
    };
    std::string sql = "PRAGMA auto_vacuum = NONE; PRAGMA journal_mode = WAL; BEGIN;" +
                      std::string(std::istreambuf_iterator<char>(schema), {}) +
                      "PRAGMA user_version = 1; PRAGMA application_id = 1330791506;"
                      "INSERT INTO workers (id, name, host, threads, started_at, boot_id)"
                      " VALUES (1, 'w', 'h', 1, 0, 'b');";
    if (pending > 0) {
        sql += numbers(pending) +
               "INSERT INTO orders (order_id, priority, processing_time, created_at)"
               " SELECT hex(randomblob(16)), 1, 1, 0 FROM numbers;" +
               count(pending, 0);
    }
    if (processed > 0) {
        sql += numbers(processed) +
               "INSERT INTO orders (order_id, priority, processing_time, status, created_at,"
               " started_at, finished_at, worker)"
               " SELECT hex(randomblob(16)), 1, 1, 2, 0, 0, 0, 1 FROM numbers;" +
               count(processed, 2);
    }
    run_sql(path, sql + "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
}

}  // namespace orders::test
