// How the statements run, and how long the log gets: what keeps the store as quick with millions of
// finished orders as with none.

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "shared/storage/sqlite/migrations.h"
#include "shared/storage/sqlite/order_queries.h"
#include "shared/storage/sqlite/order_writes.h"
#include "shared/storage/sqlite/sqlite_order_store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temp_dir.h"

namespace orders::sqlite {
namespace {

using test::TempDir;
using Access = Connection::Access;

// Every statement of the store, as it is prepared, and SQLite's plans for them.
class Plans {
   public:
    Plans() {
        migrate(connection_, embedded_migrations());
        const OrderQueries queries(connection_);
        const OrderWrites writes(connection_);
        sqlite3_stmt* statement = nullptr;
        while ((statement = sqlite3_next_stmt(connection_.handle(), statement)) != nullptr) {
            statements_.emplace_back(sqlite3_sql(statement));
        }
    }

    [[nodiscard]] const std::vector<std::string>& statements() const { return statements_; }

    // The plan of the only statement that contains the text, one line a step.
    [[nodiscard]] std::string of_statement_with(const std::string& part) const {
        const auto contains = [&](const std::string& sql) {
            return sql.find(part) != std::string::npos;
        };
        if (std::ranges::count_if(statements_, contains) != 1) {
            throw std::runtime_error("not in one statement alone: " + part);
        }
        return of(*std::ranges::find_if(statements_, contains));
    }

    [[nodiscard]] std::string of(const std::string& sql) const {
        const std::string explain = "EXPLAIN QUERY PLAN " + sql;
        sqlite3_stmt* statement = nullptr;
        if (sqlite3_prepare_v2(connection_.handle(), explain.c_str(), -1, &statement, nullptr) !=
            SQLITE_OK) {
            throw std::runtime_error(sqlite3_errmsg(connection_.handle()));
        }
        std::string plan;
        while (sqlite3_step(statement) == SQLITE_ROW) {
            plan.append(reinterpret_cast<const char*>(sqlite3_column_text(statement, 3)))
                .append("\n");
        }
        sqlite3_finalize(statement);
        return plan;
    }

   private:
    TempDir directory_;
    Connection connection_{directory_.file("orders.db"), Access::read_write};
    std::vector<std::string> statements_;
};

bool has(const std::string& plan, const std::string& part) {
    return plan.find(part) != std::string::npos;
}

#define CHECK_HAS(plan, part) CHECK_MESSAGE(has(plan, part), plan)
#define CHECK_HAS_NOT(plan, part) CHECK_MESSAGE(!has(plan, part), plan)

TEST_CASE("plans: a claim walks the queue in order and sorts nothing") {
    const std::string plan = Plans().of_statement_with("lease_token = lease_token + 1");
    CHECK_HAS(plan, "SEARCH orders USING INTEGER PRIMARY KEY");
    CHECK_HAS(plan, "SCAN orders USING INDEX orders_pending");
    CHECK_HAS_NOT(plan, "TEMP B-TREE");
}

TEST_CASE("plans: what waits is found in the queue, not in the table") {
    const Plans plans;
    CHECK_HAS(plans.of_statement_with("EXISTS (SELECT 1 FROM orders INDEXED BY orders_pending"),
              "SCAN orders USING INDEX orders_pending");
    const std::string oldest = plans.of_statement_with("SELECT created_at FROM orders");
    CHECK_HAS(oldest, "SEARCH orders USING INDEX orders_pending (priority=?)");
    CHECK_HAS_NOT(oldest, "TEMP B-TREE");
}

TEST_CASE("plans: an order is found by its id, and settled, given back and renewed by its number") {
    const Plans plans;
    CHECK_HAS(plans.of_statement_with("WHERE o.order_id = ?"),
              "USING INDEX sqlite_autoindex_orders_1 (order_id=?)");
    CHECK_HAS(plans.of_statement_with("SELECT status FROM orders WHERE order_id = ?"),
              "USING INDEX sqlite_autoindex_orders_1 (order_id=?)");
    for (const char* part :
         {"UPDATE orders SET status = ?3", "UPDATE orders SET status = 0", "UPDATE leases SET"}) {
        const std::string plan = plans.of_statement_with(part);
        CHECK_HAS(plan, "USING INTEGER PRIMARY KEY (rowid=?)");
        CHECK_HAS_NOT(plan, "SCAN");
    }
}

TEST_CASE("plans: expired orders are looked for among those that are Processing") {
    const Plans plans;
    for (const char* part : {"SELECT EXISTS (SELECT 1 FROM leases", "w.boot_id <> ? ORDER BY"}) {
        const std::string plan = plans.of_statement_with(part);
        CHECK_HAS(plan, "SCAN l");
        CHECK_HAS(plan, "SEARCH w USING INTEGER PRIMARY KEY");
        CHECK_HAS_NOT(plan, "TEMP B-TREE");
    }
}

TEST_CASE("plans: live workers are looked for among the live, not among all there ever were") {
    const Plans plans;
    CHECK_HAS(plans.of_statement_with("FROM workers w INDEXED BY"),
              "SCAN w USING INDEX workers_live");
    CHECK_HAS(plans.of_statement_with("UPDATE workers SET heartbeat_until = NULL WHERE heartbeat"),
              "SCAN workers USING INDEX workers_live");
}

TEST_CASE("plans: pages are read from the newest order down, and nothing is sorted") {
    const Plans plans;
    for (const char* part :
         {"WHERE o.seq < ? ORDER BY o.seq DESC", "WHERE l.seq < ? ORDER BY l.seq DESC"}) {
        const std::string plan = plans.of_statement_with(part);
        CHECK_HAS(plan, "USING INTEGER PRIMARY KEY (rowid<?)");
        CHECK_HAS_NOT(plan, "TEMP B-TREE");
    }
    const std::string failed = plans.of_statement_with("INDEXED BY orders_failed LEFT JOIN");
    CHECK_HAS(failed, "USING INDEX orders_failed (status=? AND rowid<?)");
    CHECK_HAS_NOT(failed, "TEMP B-TREE");
}

TEST_CASE("plans: old orders are looked for from the oldest on, and deleted by their number") {
    const Plans plans;
    const std::string processed = plans.of_statement_with("finished_at FROM orders WHERE seq > ?");
    CHECK_HAS(processed, "SEARCH orders USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)");
    CHECK_HAS_NOT(processed, "TEMP B-TREE");
    const std::string failed = plans.of_statement_with("INDEXED BY orders_failed WHERE status = 3");
    CHECK_HAS(failed, "USING INDEX orders_failed (status=? AND rowid>? AND rowid<?)");
    CHECK_HAS_NOT(failed, "TEMP B-TREE");
    for (const char* part : {"finished_at < ?3", "DELETE FROM orders"}) {
        CHECK_HAS(plans.of_statement_with(part), "USING INTEGER PRIMARY KEY (rowid=?)");
    }
}

TEST_CASE("plans: no statement of the store walks all orders or all workers") {
    const Plans plans;
    CHECK(plans.statements().size() > 20);
    for (const std::string& sql : plans.statements()) {
        // A new parent's children are only looked for while a foreign key is violated: never.
        if (sql.find("INSERT INTO workers") != std::string::npos) continue;
        CAPTURE(sql);
        const std::string lines = plans.of(sql);
        for (const char* table : {"SCAN orders\n", "SCAN o\n", "SCAN workers\n", "SCAN w\n"}) {
            CHECK_HAS_NOT(lines, table);
        }
        CHECK_HAS_NOT(lines, "AUTOMATIC");
    }
}

// --- The write-ahead log ------------------------------------------------------------------------

constexpr std::uintmax_t mebibyte = 1'048'576;

// A store, and another connection to the same file that can make the log long quickly.
struct BusyStore {
    BusyStore() {
        writer.execute("CREATE TABLE ballast (a BLOB) STRICT; INSERT INTO ballast VALUES (x'')");
    }

    // Four mebibytes more in the log, and the commit of a store that sees it.
    void write(OrderStore& by) {
        writer.execute("UPDATE ballast SET a = randomblob(4194304)");
        clock.advance(std::chrono::milliseconds(1));  // SQLite does not write what stays the same
        const auto work = by.begin();
        work->probe(clock.now().utc);
        work->commit();
        by.tidy();
    }
    void write() { write(*store); }
    [[nodiscard]] std::uintmax_t log_size() const {
        return std::filesystem::file_size(path + "-wal");
    }

    TempDir directory;
    std::string path = directory.file("orders.db");
    test::ManualClock clock;
    std::unique_ptr<OrderStore> store = open_store(path);
    Connection writer{path, Access::read_write};
};

TEST_CASE("log: however much is committed, tidying keeps it below 64 MiB") {
    BusyStore busy;
    for (int round = 0; round < 32; ++round) {
        busy.write();
        CHECK(busy.log_size() < 64 * mebibyte);
    }
}

TEST_CASE("log: without tidying it grows, so the bound is tidying's doing") {
    BusyStore busy;
    for (int round = 0; round < 17; ++round)
        busy.writer.execute("UPDATE ballast SET a = randomblob(4194304)");
    CHECK(busy.log_size() > 64 * mebibyte);
}

TEST_CASE("log: a reader that sits on a snapshot makes it grow, and nothing fails meanwhile") {
    BusyStore busy;
    Connection reader(busy.path, Access::read_only);
    Statement count(reader, "SELECT count(*) FROM order_counts");
    {
        Cursor rows = count.query();
        REQUIRE(rows.next());
        for (int round = 0; round < 13; ++round) busy.write();
        CHECK(busy.log_size() > 52 * mebibyte);
        CHECK(rows.get<std::int64_t>(0) == 8);
    }
    // The reader is gone: tried again after some more, and from then on the file stays as it is.
    for (int round = 0; round < 4; ++round) busy.write();
    const auto settled = busy.log_size();
    for (int round = 0; round < 8; ++round) busy.write();
    CHECK(busy.log_size() == settled);
    CHECK(settled < 64 * mebibyte);
}

TEST_CASE("log: a store that waited for a reader is back at the bound once another began it anew") {
    BusyStore busy;
    const auto other = open_store(busy.path);
    {
        Connection reader(busy.path, Access::read_only);
        Statement count(reader, "SELECT count(*) FROM order_counts");
        Cursor rows = count.query();
        REQUIRE(rows.next());
        for (int round = 0; round < 14; ++round) busy.write();
    }
    // Another process checkpoints, and its reset cuts the file; the first store has the log alone.
    busy.write(*other);
    busy.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    for (int round = 0; round < 16; ++round) {
        busy.write();
        CHECK(busy.log_size() < 56 * mebibyte);
    }
}

}  // namespace
}  // namespace orders::sqlite
