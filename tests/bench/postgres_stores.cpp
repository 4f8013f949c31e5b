#include "tests/bench/postgres_stores.h"

#include "tests/bench/order_ids.h"
#include "tests/bench/raw_postgres.h"
#include "tests/bench/service_process.h"

namespace orders::bench {
namespace {

// What a server of some size has, so that its cache and its checkpoints are not what is measured.
constexpr std::string_view settings = "shared_buffers = 1GB\nmax_wal_size = 8GB\n";

}  // namespace

PostgresStores::PostgresStores() : PostgresStores("") {}

PostgresStores::PostgresStores(std::string_view more_settings)
    : server_(test::PostgresServer::Sync::on, std::string(settings) + std::string(more_settings)) {}

std::string PostgresStores::place_for_new() {
    return server_.make_database("store_" + std::to_string(++stores_));
}

std::string PostgresStores::new_store() {
    std::string url = place_for_new();
    start_api(url).stop();
    return url;
}

void add_waiting_orders(const std::string& url, std::int64_t orders) {
    RawPostgres database(url);
    database.execute(
        "WITH n AS (INSERT INTO orders (order_id, priority, kind, processing_time, created_at,"
        " created_in) SELECT '" +
        new_id_run(IdKind::time_ordered).name +
        "' || g, g % 2, 0, 1, now_ms(), 0"
        " FROM generate_series(1, " +
        std::to_string(orders) +
        ") g RETURNING seq, priority),"
        " c AS (INSERT INTO count_changes (kind, priority, state, number)"
        " SELECT 0, priority, 0, count(*) FROM n GROUP BY priority)"
        " INSERT INTO queue (kind, priority, line, position, seq)"
        " SELECT 0, priority, 0, seq, seq FROM n");
}

void add_finished_orders(const std::string& url, std::int64_t orders) {
    RawPostgres database(url);
    database.execute(
        "INSERT INTO workers (name, host, threads, started_at, gone_at, lease_time, named_up_to)"
        " VALUES ('gone', 'bench', 10, 0, 0, 1000, 9223372036854775807);"
        "WITH n AS (INSERT INTO orders (order_id, priority, kind, processing_time, created_at,"
        " created_in, started_at, finished_at, token, worker, status, attempts)"
        " SELECT md5(g::text), g % 2, 0, 1, 1700000000000 + g * 10, 0, 1700000000002 + g * 10,"
        " 1700000001002 + g * 10, 1, (SELECT max(id) FROM workers), 2, 1"
        " FROM generate_series(1, " +
        std::to_string(orders) +
        ") g RETURNING priority)"
        " INSERT INTO count_changes (kind, priority, state, number)"
        " SELECT 0, priority, 2, count(*) FROM n GROUP BY priority");
    database.execute("VACUUM ANALYZE orders");
    database.execute("CHECKPOINT");
}

}  // namespace orders::bench
