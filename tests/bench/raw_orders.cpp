#include "tests/bench/raw_orders.h"

#include <chrono>

#include "shared/storage/sqlite/migrations.h"
#include "shared/storage/sqlite/wal_bound.h"
#include "tests/bench/figures.h"

namespace orders::bench {
namespace {

std::int64_t milliseconds_now() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace

RawOrders::Statements::Statements(RawDatabase& database)
    : begin(database, "BEGIN IMMEDIATE"),
      commit(database, "COMMIT"),
      insert(database,
             "INSERT INTO orders (order_id, priority, processing_time, status, created_at)"
             " VALUES (?, ?, 1, 0, ?)"),
      insert_payload(database,
                     "INSERT INTO order_inputs (seq, payload)"
                     " VALUES (last_insert_rowid(), CAST(? AS BLOB))"),
      count(
          database,
          "INSERT INTO order_counts (status, kind, priority, orders) VALUES (?2, 0, ?1, max(0, ?3))"
          " ON CONFLICT DO UPDATE SET orders = orders + ?3"),
      finish(database,
             "UPDATE orders SET status = 2, started_at = ?2, finished_at = ?3, worker = 1"
             " WHERE seq = ?1"),
      take(database,
           "UPDATE orders SET status = 1, lease_token = lease_token + 1, attempts = attempts + 1"
           " WHERE seq IN (SELECT seq FROM orders INDEXED BY orders_queue WHERE status = 0"
           "               AND place IS NULL AND kind = 0 ORDER BY priority, seq LIMIT ?)"
           " RETURNING seq, priority") {}

RawOrders::RawOrders(const std::string& path) : database_(path) {
    database_.execute(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
        "PRAGMA cache_size = -16384; PRAGMA secure_delete = OFF; PRAGMA temp_store = MEMORY");
    for (const auto& migration : sqlite::embedded_migrations()) database_.execute(migration.sql);
    database_.execute(
        "INSERT INTO workers (id, name, host, threads, started_at, boot_id)"
        " VALUES (1, 'raw', 'raw', 1, 0, 'raw')");
    sqlite3_wal_hook(
        database_.handle(),
        [](void* pages, sqlite3*, const char*, int in_log) {
            *static_cast<int*>(pages) = in_log;
            return SQLITE_OK;
        },
        &log_pages_);
    statements_ = std::make_unique<Statements>(database_);
}

void RawOrders::insert(OrderIds& ids, int orders, std::string_view payload) {
    const std::int64_t now = milliseconds_now();
    statements_->begin.run();
    for (int i = 0; i < orders; ++i) {
        const std::string id = ids.next();
        statements_->insert.bind(1, id);
        statements_->insert.bind(2, i % 2);
        statements_->insert.bind(3, now);
        statements_->insert.run();
        if (payload.empty()) continue;
        statements_->insert_payload.bind(1, payload);
        statements_->insert_payload.run();
    }
    count(0, 0, (orders + 1) / 2);
    count(1, 0, orders / 2);
    statements_->commit.run();
}

int RawOrders::take_turn(int limit) {
    const std::int64_t now = milliseconds_now();
    statements_->begin.run();
    for (const TakenOrder& order : taken_) {
        statements_->finish.bind(1, order.seq);
        statements_->finish.bind(2, order.started_at);
        statements_->finish.bind(3, now);
        statements_->finish.run();
    }
    const auto finished = static_cast<std::int64_t>(taken_.size());
    const std::int64_t finished_high = taken_high_;
    taken_.clear();
    taken_high_ = 0;
    statements_->take.bind(1, limit);
    while (statements_->take.step()) {
        taken_.push_back({.seq = statements_->take.number(0), .started_at = now});
        if (statements_->take.number(1) == 0) ++taken_high_;
    }
    const auto taken = static_cast<std::int64_t>(taken_.size());
    count(0, 0, -taken_high_);
    count(1, 0, -(taken - taken_high_));
    count(0, 1, taken_high_ - finished_high);
    count(1, 1, (taken - taken_high_) - (finished - finished_high));
    count(0, 2, finished_high);
    count(1, 2, finished - finished_high);
    statements_->commit.run();
    return static_cast<int>(taken);
}

void RawOrders::checkpoint_if_due() {
    if (log_pages_ < sqlite::WalBound::bound_pages) return;
    if (sqlite3_wal_checkpoint_v2(database_.handle(), "main", SQLITE_CHECKPOINT_RESTART, nullptr,
                                  nullptr) != SQLITE_OK) {
        throw BenchFailure("a checkpoint of the raw store failed");
    }
    log_pages_ = 0;
}

void RawOrders::count(int priority, int status, std::int64_t change) {
    if (change == 0) return;
    statements_->count.bind(1, priority);
    statements_->count.bind(2, status);
    statements_->count.bind(3, change);
    statements_->count.run();
}

}  // namespace orders::bench
