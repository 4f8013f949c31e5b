// How the statements run: what keeps the store as quick with millions of finished orders as with
// none.

#include "tests/unit/storage/plans.h"

#include <doctest/doctest.h>

#include <string>

namespace orders::sqlite {
namespace {

TEST_CASE("plans: what waits longest, and what is next, is at the beginning of an index") {
    Plans plans;
    const std::string oldest = plans.of_statement_with("min(coalesce(due_at, created_at))");
    CHECK_HAS(oldest, "SEARCH orders USING INDEX orders_queue (kind=? AND priority=?)");
    CHECK_HAS(oldest,
              "SEARCH orders USING INDEX orders_requeued (kind=? AND priority=? AND place>?)");
    CHECK_HAS_NOT(oldest, "TEMP B-TREE");
    const std::string due = plans.of_statement_with("SELECT due_at FROM orders INDEXED BY");
    CHECK_HAS(due, "USING INDEX orders_due");
    CHECK_HAS_NOT(due, "TEMP B-TREE");
    const std::string overdue = plans.of_statement_with("SELECT start_before FROM orders");
    CHECK_HAS(overdue, "USING INDEX orders_expiring");
    CHECK_HAS_NOT(overdue, "TEMP B-TREE");
}

TEST_CASE("plans: what is due, and what is too late, is taken from its index in order") {
    Plans plans;
    const std::string promote = plans.of_statement_with("UPDATE orders SET status = 0, place");
    for (const std::string& due :
         {plans.of_statement_with("SELECT kind, priority FROM orders INDEXED BY"), promote}) {
        CHECK_HAS(due, "SEARCH orders USING INDEX orders_due (due_at<?)");
        CHECK_HAS_NOT(due, "TEMP B-TREE");
    }
    CHECK_HAS(promote, "SEARCH orders USING INTEGER PRIMARY KEY (rowid=?)");
    CHECK_HAS_NOT(promote, "SCAN orders");
    const std::string late = plans.of_statement_with("start_before <= ? ORDER BY");
    CHECK_HAS(late,
              "SEARCH orders USING INDEX orders_expiring (start_before>? AND start_before<?)");
    CHECK_HAS_NOT(late, "TEMP B-TREE");
}

TEST_CASE("plans: expired orders are looked for among those that are Processing") {
    Plans plans;
    for (const char* part :
         {"SELECT EXISTS (SELECT 1 FROM leases l JOIN",
          "coalesce(l.deadline <= ?1, 0), w.boot_id = ?2", "coalesce(l.deadline <= ?1, 0), ?2"}) {
        const std::string plan = plans.of_statement_with(part);
        CHECK_HAS(plan, "SCAN l");
        CHECK_HAS(plan, "SEARCH w USING INTEGER PRIMARY KEY");
        CHECK_HAS_NOT(plan, "TEMP B-TREE");
    }
}

TEST_CASE("plans: live workers are looked for among the live, not among all there ever were") {
    Plans plans;
    CHECK_HAS(plans.of_statement_with("heartbeat_until IS NOT NULL ORDER BY id"),
              "SCAN w USING INDEX workers_live");
    const std::string of_concern = plans.of_statement_with("boot_id < ?2");
    CHECK_HAS(of_concern, "SCAN w USING INDEX workers_enlisted");
    CHECK_HAS(of_concern,
              "SEARCH w USING INDEX workers_pulling (boot_id=? AND heartbeat_until>? AND "
              "heartbeat_until<?)");
    CHECK_HAS(of_concern, "SEARCH w USING INDEX workers_pulling (boot_id<?)");
    CHECK_HAS(of_concern, "SEARCH w USING INDEX workers_pulling (boot_id>?)");
    CHECK_HAS(plans.of_statement_with("FROM workers INDEXED BY workers_pulling"),
              "SCAN workers USING INDEX workers_pulling");
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

TEST_CASE("plans: orders are listed and searched along an index, and nothing is sorted") {
    Plans plans;
    struct Range {
        const char* part;
        const char* plan;
    };
    for (const Range& range : {
             Range{"o.seq < ?1 ORDER BY o.seq DESC", "o USING INTEGER PRIMARY KEY (rowid<?)"},
             Range{"o.seq > ?1 ORDER BY o.seq ASC", "o USING INTEGER PRIMARY KEY (rowid>?)"},
             Range{"h.seq < ?1 ORDER BY h.seq DESC", "h USING INTEGER PRIMARY KEY (rowid<?)"},
             Range{"h.seq > ?1 ORDER BY h.seq ASC", "h USING INTEGER PRIMARY KEY (rowid>?)"},
             Range{"o.status = ?1 AND o.seq < ?2 ORDER BY",
                   "orders_unsuccessful (status=? AND rowid<?)"},
             Range{"o.status = ?1 AND o.seq > ?2 ORDER BY",
                   "orders_unsuccessful (status=? AND rowid>?)"},
             Range{"place IS NOT NULL AND o.kind = ?1 AND o.priority = ?2 AND o.seq < ?3",
                   "orders_placed (kind=? AND priority=? AND rowid<?)"},
             Range{"place IS NOT NULL AND o.kind = ?1 AND o.priority = ?2 AND o.seq > ?3",
                   "orders_placed (kind=? AND priority=? AND rowid>?)"},
             Range{"place IS NULL AND o.kind = ?1 AND o.priority = ?2 AND o.seq < ?3",
                   "orders_queue (kind=? AND priority=? AND rowid<?)"},
             Range{
                 "place IS NULL AND o.kind = ?1 AND o.priority = ?2 AND o.seq > ?3 ORDER BY o.seq",
                 "orders_queue (kind=? AND priority=? AND rowid>?)"},
         }) {
        CAPTURE(range.part);
        const std::string plan = plans.of_statement_with(range.part);
        CHECK_HAS(plan, range.plan);
        CHECK_HAS_NOT(plan, "TEMP B-TREE");
    }
}

TEST_CASE("plans: old orders are looked for from the oldest on, and deleted by their number") {
    Plans plans;
    for (const char* part : {"finished_at FROM orders WHERE seq > ?",
                             "SELECT seq, status FROM orders WHERE seq > ?"}) {
        const std::string walk = plans.of_statement_with(part);
        CHECK_HAS(walk, "SEARCH orders USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)");
        CHECK_HAS_NOT(walk, "TEMP B-TREE");
    }
    for (const char* part :
         {"status IN (3, 4) AND status = 3", "status IN (3, 4) AND status = 4"}) {
        const std::string walk = plans.of_statement_with(part);
        CHECK_HAS(walk, "USING INDEX orders_unsuccessful (status=? AND rowid>? AND rowid<?)");
        CHECK_HAS_NOT(walk, "TEMP B-TREE");
    }
    for (const char* part : {"finished_at < ?3", "seq = ? AND status IN (2, 3, 4)"}) {
        CHECK_HAS(plans.of_statement_with(part), "USING INTEGER PRIMARY KEY (rowid=?)");
    }
    // What it carried is found by its number, too.
    const std::string erase = plans.of_statement_with("DELETE FROM orders");
    CHECK_HAS(erase, "SEARCH orders USING INTEGER PRIMARY KEY (rowid=?)");
    CHECK_HAS_NOT(erase, "SCAN");
}

TEST_CASE("plans: no statement of the store walks all orders or all workers") {
    Plans plans;
    CHECK(plans.statements().size() > 90);
    for (const std::string& sql : plans.statements()) {
        // A new parent's children are only looked for while a foreign key is violated: never. Those
        // of a deleted one are not looked for then.
        if (sql.find("INSERT INTO workers") != std::string::npos) continue;
        if (sql.find("INSERT INTO kinds") != std::string::npos) continue;
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
