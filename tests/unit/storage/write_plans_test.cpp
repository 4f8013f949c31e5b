// How the statements of intakes and workers run: what keeps creating, claiming and settling as
// quick with millions of orders as with none.

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/storage/plans.h"

namespace orders::sqlite {
namespace {

TEST_CASE("write_plans: a claim reads the queue in order, and sorts nothing") {
    Plans plans;
    const std::string arrived = plans.of_statement_with("AND o.seq > ?3 >> 20 ORDER BY o.seq");
    CHECK_HAS(arrived, "SEARCH o USING INDEX orders_queue (kind=? AND priority=? AND rowid>?)");
    const std::string requeued = plans.of_statement_with("AND o.place > ?3 ORDER BY o.place");
    CHECK_HAS(requeued, "SEARCH o USING INDEX orders_requeued (kind=? AND priority=? AND place>?)");
    for (const std::string& heads : {arrived, requeued}) {
        CHECK_HAS(heads, "SEARCH i USING INTEGER PRIMARY KEY (rowid=?)");
        CHECK_HAS_NOT(heads, "TEMP B-TREE");
    }
    CHECK_HAS(plans.of_statement_with("lease_token = lease_token + 1"),
              "SEARCH orders USING INTEGER PRIMARY KEY (rowid=?)");
}

TEST_CASE("write_plans: which kinds have something queued is found in the queue") {
    Plans plans;
    const std::string kinds = plans.of_statement_with("FROM kinds k WHERE k.is_paused = 0");
    CHECK_HAS(kinds, "SEARCH o USING INDEX orders_queue (kind=?)");
    CHECK_HAS(kinds, "SEARCH o USING INDEX orders_requeued (kind=?)");
}

TEST_CASE("write_plans: an order is found by its id, and ended, moved and renewed by its number") {
    Plans plans;
    for (const char* part : {"SELECT seq FROM orders WHERE order_id = ?",
                             "SELECT seq, status FROM orders WHERE order_id",
                             "LEFT JOIN order_results r ON r.seq = o.seq WHERE o.order_id = ?"}) {
        CHECK_HAS(plans.of_statement_with(part), "INDEX sqlite_autoindex_orders_1 (order_id=?)");
    }
    for (const char* part :
         {"UPDATE orders SET status = ?2, finished_at = ?3, failure = ?4, worker",
          "UPDATE orders SET status = ?2, finished_at = ?3, failure = ?4 WHERE",
          "UPDATE orders SET status = 5", "UPDATE orders SET status = 0, attempts",
          "UPDATE orders SET status = ?2, due_at = ?3", "UPDATE orders SET priority",
          "UPDATE leases SET expires_at = ?3", "UPDATE leases SET expires_at = ?2 WHERE seq",
          "o.attempts, l.worker, l.started_at, l.max_attempts"}) {
        const std::string plan = plans.of_statement_with(part);
        CHECK_HAS(plan, "USING INTEGER PRIMARY KEY (rowid=?)");
        CHECK_HAS_NOT(plan, "SCAN");
    }
}

// As it would for an IN with more than two values in a CHECK or in the condition of an index.
TEST_CASE("write_plans: no write of an order makes a table first") {
    Plans plans;
    int writes = 0;
    for (const std::string& sql : plans.statements()) {
        if (!sql.starts_with("UPDATE orders") && !sql.starts_with("INSERT INTO orders")) continue;
        if (sql.find(" AS rank") != std::string::npos) continue;  // writes many orders
        CAPTURE(sql);
        CHECK_HAS_NOT(plans.program_of(sql), "OpenEphemeral");
        ++writes;
    }
    CHECK(writes >= 7);
}

TEST_CASE("write_plans: what lies beside an order is found by its number") {
    Plans plans;
    for (const char* part :
         {"SELECT payload FROM", "length(payload), 0) FROM", "SELECT fingerprint",
          "DELETE FROM order_inputs WHERE seq = ? AND", "SELECT detail, result",
          "SELECT detail FROM", "length(result), 0)", "DELETE FROM order_results"}) {
        CHECK_HAS(plans.of_statement_with(part), "USING INTEGER PRIMARY KEY (rowid=?)");
    }
    const std::string history = plans.of_statement_with("FROM past_attempts p JOIN workers");
    CHECK_HAS(history, "SEARCH p USING PRIMARY KEY (seq=?)");
    CHECK_HAS(history, "SEARCH w USING INTEGER PRIMARY KEY (rowid=?)");
    CHECK_HAS_NOT(history, "TEMP B-TREE");
    CHECK_HAS(plans.of_statement_with("DELETE FROM past_attempts WHERE seq = ? AND token <= ?"),
              "USING PRIMARY KEY (seq=? AND token<?)");
}

}  // namespace
}  // namespace orders::sqlite
