#include "tests/support/store_audit.h"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace orders::test {
namespace {

using Row = std::vector<std::string>;

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

std::vector<Row> rows_of(sqlite3* database, const std::string& sql) {
    std::vector<Row> rows;
    const auto take_row = [](void* taken, int columns, char** values, char**) {
        Row row;
        for (int i = 0; i < columns; ++i) row.emplace_back(values[i] == nullptr ? "" : values[i]);
        static_cast<std::vector<Row>*>(taken)->push_back(std::move(row));
        return 0;
    };
    if (sqlite3_exec(database, sql.c_str(), take_row, &rows, nullptr) != SQLITE_OK) {
        throw std::runtime_error(sql + ": " + sqlite3_errmsg(database));
    }
    return rows;
}

std::vector<Row> rows_of(const std::string& path, const std::string& sql) {
    return rows_of(open(path).get(), sql);
}

void check_none(const Findings& findings) {
    for (const std::string& finding : findings) FAIL_CHECK(finding);
}

}  // namespace

std::map<std::string, StoredOrder> stored_orders(const std::string& database) {
    std::map<std::string, StoredOrder> orders;
    for (const Row& row : rows_of(database,
                                  "SELECT order_id, priority, status, attempts, lease_token,"
                                  " failure FROM orders")) {
        orders[row[0]] = {std::stoi(row[1]), std::stoi(row[2]), std::stoi(row[3]),
                          std::stoll(row[4]), row[5]};
    }
    return orders;
}

std::string stored_value(const std::string& database, const std::string& sql) {
    return rows_of(database, sql).at(0).at(0);
}

std::set<std::string> stored_values(const std::string& database, const std::string& sql) {
    std::set<std::string> values;
    for (const Row& row : rows_of(database, sql)) values.insert(row.at(0));
    return values;
}

void run_sql(const std::string& database, const std::string& sql) {
    rows_of(database, sql);
}

void add_finding(Findings& findings, const std::string& kind, const std::set<std::string>& ids) {
    constexpr std::size_t shown = 10;
    if (ids.empty()) return;
    std::string finding = kind + ": " + std::to_string(ids.size()) + ":";
    std::size_t at = 0;
    for (const std::string& id : ids) {
        if (at++ == shown) break;
        finding += " " + id;
    }
    findings.push_back(finding + (ids.size() > shown ? " ..." : ""));
}

Findings inconsistencies(const std::string& database) {
    Findings findings;
    std::set<std::string> damage = stored_values(database, "PRAGMA integrity_check");
    damage.erase("ok");
    add_finding(findings, "damage", damage);
    add_finding(findings, "tables with a broken reference",
                stored_values(database, "PRAGMA foreign_key_check"));
    add_finding(findings, "counters (priority/status) that differ from a recount",
                stored_values(database,
                              "SELECT c.priority || '/' || c.status FROM order_counts c"
                              " WHERE c.orders <> (SELECT count(*) FROM orders o"
                              " WHERE o.kind = c.kind AND o.priority = c.priority"
                              " AND o.status = c.status)"));
    add_finding(findings, "Processing without a lease",
                stored_values(database,
                              "SELECT order_id FROM orders WHERE status = 1"
                              " AND seq NOT IN (SELECT seq FROM leases)"));
    add_finding(findings, "leases of what is not Processing",
                stored_values(database,
                              "SELECT seq FROM leases WHERE seq NOT IN"
                              " (SELECT seq FROM orders WHERE status = 1)"));
    return findings;
}

Findings unkept_promises(const std::map<std::string, StoredOrder>& orders,
                         const std::set<std::string>& acknowledged,
                         const std::set<std::string>& maybe) {
    std::set<std::string> lost = acknowledged;
    std::set<std::string> unknown;
    std::set<std::string> not_ended;
    for (const auto& [id, order] : orders) {
        lost.erase(id);
        if (!acknowledged.contains(id) && !maybe.contains(id)) unknown.insert(id);
        // Only what was cancelled, or has expired, may end without an attempt.
        if (!has_ended(order) || (order.status == 2 && order.attempts < 1)) not_ended.insert(id);
    }
    Findings findings;
    add_finding(findings, "acknowledged and lost", lost);
    add_finding(findings, "stored and never acknowledged", unknown);
    add_finding(findings, "not ended", not_ended);
    return findings;
}

void check_store_is_consistent(const std::string& database) {
    check_none(inconsistencies(database));
}

void check_every_order_ended(const std::string& database, const std::set<std::string>& acknowledged,
                             const std::set<std::string>& maybe) {
    check_store_is_consistent(database);
    check_none(unkept_promises(stored_orders(database), acknowledged, maybe));
}

}  // namespace orders::test
