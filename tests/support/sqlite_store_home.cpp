// The orders of this program's cases are in SQLite files, looked at with SQLite's own API.

#include <doctest/doctest.h>
#include <signal.h>
#include <sqlite3.h>

#include <memory>
#include <stdexcept>
#include <utility>

#include "tests/support/eventually.h"
#include "tests/support/halted_process.h"
#include "tests/support/store_blockers.h"
#include "tests/support/store_home.h"

namespace orders::test {
namespace {

struct CloseDatabase {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

Database open(const std::string& path) {
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
    Database database(opened);
    if (code != SQLITE_OK) throw std::runtime_error("cannot open " + path);
    sqlite3_busy_timeout(opened, 10'000);
    return database;
}

}  // namespace

std::string new_store(const TempDir& directory) {
    return directory.file("orders.db");
}

doctest::skip only_in_a_file() {
    return {false};
}

void halt_between_writes(ChildProcess& process, const std::string& location) {
    const TurnstileBlocker nobody_writes(location);
    process.signal(SIGSTOP);
    eventually(patience, [&] { return is_halted(process); });
}

std::vector<StoredRow> stored_rows(const std::string& location, const std::string& sql) {
    const Database database = open(location);
    std::vector<StoredRow> rows;
    const auto take_row = [](void* taken, int columns, char** values, char**) {
        StoredRow row;
        for (int i = 0; i < columns; ++i) row.emplace_back(values[i] == nullptr ? "" : values[i]);
        static_cast<std::vector<StoredRow>*>(taken)->push_back(std::move(row));
        return 0;
    };
    if (sqlite3_exec(database.get(), sql.c_str(), take_row, &rows, nullptr) != SQLITE_OK) {
        throw std::runtime_error(sql + ": " + sqlite3_errmsg(database.get()));
    }
    return rows;
}

const char* const stored_orders_sql =
    "SELECT order_id, priority, status, attempts, lease_token, failure FROM orders";

const char* const ends_awaited_sql = "SELECT ends_awaited_until FROM bookkeeping";

std::vector<StoreCheck> store_checks() {
    return {
        {"damage", "SELECT * FROM pragma_integrity_check WHERE integrity_check <> 'ok'"},
        {"tables with a broken reference", "PRAGMA foreign_key_check"},
        {"counters (priority/status) that differ from a recount",
         "SELECT c.priority || '/' || c.status FROM order_counts c WHERE c.orders <>"
         " (SELECT count(*) FROM orders o WHERE o.kind = c.kind AND o.priority = c.priority"
         " AND o.status = c.status)"},
        {"Processing without a lease",
         "SELECT order_id FROM orders WHERE status = 1 AND seq NOT IN (SELECT seq FROM leases)"},
        {"leases of what is not Processing",
         "SELECT seq FROM leases WHERE seq NOT IN (SELECT seq FROM orders WHERE status = 1)"},
    };
}

const char* const record_history_sql =
    "CREATE TABLE history (step INTEGER PRIMARY KEY, order_id TEXT, seq INTEGER,"
    " old_status INTEGER, new_status INTEGER, old_token INTEGER, new_token INTEGER,"
    " is_same_order INTEGER, new_attempts INTEGER);"
    // So that an order's last step is quickly found.
    "CREATE INDEX history_seq ON history (seq, step);"
    "CREATE VIEW order_states AS SELECT seq, order_id, status FROM orders;"
    "CREATE TRIGGER history_insert AFTER INSERT ON orders BEGIN INSERT INTO history VALUES"
    " (NULL, NEW.order_id, NEW.seq, NULL, NEW.status, NULL, NEW.lease_token, 1, NEW.attempts); END;"
    "CREATE TRIGGER history_delete AFTER DELETE ON orders BEGIN INSERT INTO history VALUES"
    " (NULL, OLD.order_id, OLD.seq, OLD.status, NULL, OLD.lease_token, NULL, 1, NULL); END;"
    "CREATE TRIGGER history_update AFTER UPDATE ON orders BEGIN INSERT INTO history VALUES"
    " (NULL, NEW.order_id, NEW.seq, OLD.status, NEW.status, OLD.lease_token, NEW.lease_token,"
    "  (OLD.seq, OLD.order_id, OLD.priority, OLD.kind, OLD.processing_time, OLD.created_at) ="
    "  (NEW.seq, NEW.order_id, NEW.priority, NEW.kind, NEW.processing_time, NEW.created_at),"
    "  NEW.attempts); END;";

}  // namespace orders::test
