// How the statements run: what keeps the store as quick with millions of finished orders as with
// none.

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>

#include "shared/storage/sqlite/finished_walk.h"
#include "shared/storage/sqlite/gone_workers.h"
#include "shared/storage/sqlite/intake_writes.h"
#include "shared/storage/sqlite/order_queries.h"
#include "shared/storage/sqlite/worker_writes.h"
#include "shared/storage/sqlite/write_access.h"
#include "tests/support/temp_dir.h"

namespace orders::sqlite {
namespace {

using test::TempDir;

// Every statement of the store, as it is prepared, and SQLite's plans for them.
class Plans {
   public:
    Plans() {
        Connection& connection = access_.connection();
        const OrderQueries queries(connection);
        const IntakeWrites intake(connection);
        const WorkerWrites worker(connection);
        const GoneWorkers gone(access_);
        const FinishedWalk processed(access_, OrderStatus::processed);
        const FinishedWalk failed(access_, OrderStatus::failed);
        sqlite3_stmt* statement = nullptr;
        while ((statement = sqlite3_next_stmt(connection.handle(), statement)) != nullptr) {
            statements_.insert(sqlite3_sql(statement));
        }
    }

    [[nodiscard]] const std::set<std::string>& statements() const { return statements_; }

    // The plan of the only statement that contains the text, one line a step.
    [[nodiscard]] std::string of_statement_with(const std::string& part) {
        const auto contains = [&](const std::string& sql) {
            return sql.find(part) != std::string::npos;
        };
        if (std::ranges::count_if(statements_, contains) != 1) {
            throw std::runtime_error("not in one statement alone: " + part);
        }
        return of(*std::ranges::find_if(statements_, contains));
    }

    void leave_out_foreign_keys() { access_.connection().execute("PRAGMA foreign_keys = OFF"); }

    [[nodiscard]] std::string of(const std::string& sql) {
        sqlite3* const handle = access_.connection().handle();
        const std::string explain = "EXPLAIN QUERY PLAN " + sql;
        sqlite3_stmt* statement = nullptr;
        if (sqlite3_prepare_v2(handle, explain.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
            throw std::runtime_error(sqlite3_errmsg(handle));
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
    WriteAccess access_{directory_.file("orders.db")};
    std::set<std::string> statements_;  // those of both walks are counted once
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
    Plans plans;
    CHECK_HAS(plans.of_statement_with("EXISTS (SELECT 1 FROM orders INDEXED BY orders_pending"),
              "SCAN orders USING INDEX orders_pending");
    const std::string oldest = plans.of_statement_with("SELECT min(created_at)");
    CHECK_HAS(oldest, "SEARCH orders USING INDEX orders_pending (priority=?)");
    CHECK_HAS_NOT(oldest, "TEMP B-TREE");
}

TEST_CASE("plans: an order is found by its id, and settled, given back and renewed by its number") {
    Plans plans;
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
    Plans plans;
    for (const char* part :
         {"SELECT EXISTS (SELECT 1 FROM leases l JOIN", "w.name, w.boot_id = ?2", "w.name, ?2"}) {
        const std::string plan = plans.of_statement_with(part);
        CHECK_HAS(plan, "SCAN l");
        CHECK_HAS(plan, "SEARCH w USING INTEGER PRIMARY KEY");
        CHECK_HAS_NOT(plan, "TEMP B-TREE");
    }
}

TEST_CASE("plans: live workers are looked for among the live, not among all there ever were") {
    Plans plans;
    CHECK_HAS(plans.of_statement_with("FROM workers w INDEXED BY"),
              "SCAN w USING INDEX workers_live");
    CHECK_HAS(plans.of_statement_with("UPDATE workers SET heartbeat_until = NULL WHERE heartbeat"),
              "SCAN workers USING INDEX workers_live");
}

TEST_CASE("plans: rows of workers are deleted without a look at the orders, but the oldest") {
    Plans plans;
    CHECK_HAS(plans.of_statement_with("FROM workers INDEXED BY workers_gone"),
              "SEARCH workers USING INDEX workers_gone (named_up_to<?)");
    plans.leave_out_foreign_keys();
    const std::string plan = plans.of_statement_with("DELETE FROM workers");
    CHECK_HAS(plan, "SEARCH workers USING INTEGER PRIMARY KEY (rowid=?)");
    CHECK_HAS(plan, "SEARCH orders");
    CHECK_HAS_NOT(plan, "SCAN orders");
}

TEST_CASE("plans: pages are read from the newest order down, and nothing is sorted") {
    Plans plans;
    for (const char* part :
         {"WHERE o.seq < ? ORDER BY o.seq DESC", "WHERE l.seq < ? ORDER BY l.seq DESC"}) {
        const std::string plan = plans.of_statement_with(part);
        CHECK_HAS(plan, "USING INTEGER PRIMARY KEY (rowid<?)");
        CHECK_HAS_NOT(plan, "TEMP B-TREE");
    }
    for (const char* part : {"o.priority = 0 UNION ALL ", "o.priority = ?2 ORDER BY"}) {
        const std::string pending = plans.of_statement_with(part);
        CHECK_HAS(pending, "SEARCH o USING INDEX orders_pending (priority=? AND rowid<?)");
        CHECK_HAS_NOT(pending, "TEMP B-TREE");
    }
    CHECK_HAS(plans.of_statement_with("UNION ALL"), "MERGE (UNION ALL)");
    const std::string failed = plans.of_statement_with("INDEXED BY orders_failed LEFT JOIN");
    CHECK_HAS(failed, "USING INDEX orders_failed (status=? AND rowid<?)");
    CHECK_HAS_NOT(failed, "TEMP B-TREE");
}

TEST_CASE("plans: old orders are looked for from the oldest on, and deleted by their number") {
    Plans plans;
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
    Plans plans;
    CHECK(plans.statements().size() > 20);
    for (const std::string& sql : plans.statements()) {
        // A new parent's children are only looked for while a foreign key is violated: never. Those
        // of a deleted one are not looked for then.
        if (sql.find("INSERT INTO workers") != std::string::npos) continue;
        if (sql.find("DELETE FROM workers") != std::string::npos) continue;
        CAPTURE(sql);
        const std::string lines = plans.of(sql);
        for (const char* table : {"SCAN orders\n", "SCAN o\n", "SCAN workers\n", "SCAN w\n"}) {
            CHECK_HAS_NOT(lines, table);
        }
        CHECK_HAS_NOT(lines, "AUTOMATIC");
    }
}

}  // namespace
}  // namespace orders::sqlite
