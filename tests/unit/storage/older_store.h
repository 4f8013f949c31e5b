#pragma once

// Stores of older schemas, for tests of how they are brought up to date.

#include <filesystem>
#include <string>

#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/migrations.h"

namespace orders::sqlite {

// A copy of the file that order-api and order-worker 0.1.0 have made: two orders Processed, one
// Failed, two Processing with a worker that was killed (worker-3), and three Pending. The names of
// the workers and the id of the boot, which is a ManualClock's, were put in afterwards.
inline void copy_store_of_0_1_0(const std::string& to) {
    std::filesystem::copy_file(ORDERS_SOURCE_DIR "/tests/support/data/orders-0.1.0.db", to);
}

// By the first so many migrations: 20,000 orders, a quarter in each status that there was, and a
// worker that was killed with those that are Processing.
class OlderStore {
   public:
    static constexpr std::int64_t orders = 20'000;

    OlderStore(const std::string& path, std::size_t migrations) {
        Connection connection(path, Connection::Access::read_write);
        const auto& all = embedded_migrations();
        migrate(connection, {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(migrations)});
        connection.execute(
            "BEGIN;"
            "INSERT INTO workers (id, name, host, threads, started_at, boot_id, heartbeat_until)"
            " VALUES (1, 'w', 'h', 1, 0, 'another-boot', 1);"
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
            " INSERT INTO orders (order_id, priority, processing_time, status, attempts,"
            " lease_token, created_at, started_at, finished_at, worker, failure)"
            " SELECT printf('%d-%d', i * 7919 % 20011, i), i / 4 % 2, 1, i % 4, i % 4 > 0,"
            " i % 4 > 0, 1000 + i, iif(i % 4 > 1, 2000 + i, NULL), iif(i % 4 > 1, 3000 + i, NULL),"
            " iif(i % 4 > 1, 1, NULL), iif(i % 4 = 3, 'timeout', NULL) FROM n;"
            "INSERT INTO leases (seq, worker, started_at, expires_at)"
            " SELECT seq, 1, 2000, 4000 FROM orders WHERE status = 1;"
            "UPDATE order_counts SET orders = 2500;"
            "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
    }
};

}  // namespace orders::sqlite
