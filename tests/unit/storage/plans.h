#pragma once

// SQLite's plans for the statements of the store, for tests of how these run.

#include <sqlite3.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>

#include "shared/storage/sqlite/finished_walk.h"
#include "shared/storage/sqlite/gone_workers.h"
#include "shared/storage/sqlite/housekeeping_writes.h"
#include "shared/storage/sqlite/intake_writes.h"
#include "shared/storage/sqlite/order_content.h"
#include "shared/storage/sqlite/order_lists.h"
#include "shared/storage/sqlite/order_report.h"
#include "shared/storage/sqlite/order_rows.h"
#include "shared/storage/sqlite/worker_writes.h"
#include "shared/storage/sqlite/write_access.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temp_dir.h"

namespace orders::sqlite {

// Every statement of the store, as it is prepared, and SQLite's plans for them.
class Plans {
   public:
    Plans() {
        Connection& connection = access_.connection();
        OrderContent content(connection);
        const OrderRows rows(connection, content);
        const OrderLists lists(connection);
        const ReportQueries report(connection);
        const HousekeepingWrites housekeeping(connection);
        const IntakeWrites intake(connection);
        const WorkerWrites worker(connection);
        const GoneWorkers gone(access_);
        const FinishedWalk processed(access_, StoredStatus::processed);
        const FinishedWalk failed(access_, StoredStatus::failed);
        const FinishedWalk cancelled(access_, StoredStatus::cancelled);
        const SizeWalk size(access_);
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
        return explained("EXPLAIN QUERY PLAN " + sql, 3);
    }

    // The names of the instructions that carry it out.
    [[nodiscard]] std::string program_of(const std::string& sql) {
        return explained("EXPLAIN " + sql, 1);
    }

   private:
    [[nodiscard]] std::string explained(const std::string& explain, int column) {
        sqlite3* const handle = access_.connection().handle();
        sqlite3_stmt* statement = nullptr;
        if (sqlite3_prepare_v2(handle, explain.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
            throw std::runtime_error(sqlite3_errmsg(handle));
        }
        std::string plan;
        while (sqlite3_step(statement) == SQLITE_ROW) {
            plan.append(reinterpret_cast<const char*>(sqlite3_column_text(statement, column)))
                .append("\n");
        }
        sqlite3_finalize(statement);
        return plan;
    }

    test::TempDir directory_;
    test::ManualClock clock_;
    WriteAccess access_{directory_.file("orders.db"), clock_};
    std::set<std::string> statements_;  // those of both walks are counted once
};

inline bool has(const std::string& plan, const std::string& part) {
    return plan.find(part) != std::string::npos;
}

#define CHECK_HAS(plan, part) CHECK_MESSAGE(has(plan, part), plan)
#define CHECK_HAS_NOT(plan, part) CHECK_MESSAGE(!has(plan, part), plan)

}  // namespace orders::sqlite
