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

std::string joined(const std::set<std::string>& ids) {
    std::string text;
    for (const std::string& id : ids) text += id + " ";
    return text;
}

}  // namespace

std::map<std::string, StoredOrder> stored_orders(const std::string& database) {
    std::map<std::string, StoredOrder> orders;
    for (const Row& row :
         rows_of(database, "SELECT order_id, priority, status, attempts, failure FROM orders")) {
        orders[row[0]] = {std::stoi(row[1]), std::stoi(row[2]), std::stoi(row[3]), row[4]};
    }
    return orders;
}

std::string stored_value(const std::string& database, const std::string& sql) {
    return rows_of(database, sql).at(0).at(0);
}

void run_sql(const std::string& database, const std::string& sql) {
    rows_of(database, sql);
}

void check_store_is_consistent(const std::string& database) {
    const auto value = [&](const std::string& sql) { return stored_value(database, sql); };
    CHECK_EQ(value("PRAGMA integrity_check"), "ok");
    CHECK(rows_of(database, "PRAGMA foreign_key_check").empty());
    CHECK_EQ(value("SELECT group_concat(priority || '/' || status || ': ' || orders) FROM "
                   "(SELECT * FROM order_counts WHERE orders > 0 ORDER BY priority, status)"),
             value("SELECT group_concat(priority || '/' || status || ': ' || orders) FROM "
                   "(SELECT priority, status, count(*) AS orders FROM orders "
                   "GROUP BY priority, status ORDER BY priority, status)"));
    CHECK_EQ(value("SELECT group_concat(seq) FROM (SELECT seq FROM leases ORDER BY seq)"),
             value("SELECT group_concat(seq) FROM "
                   "(SELECT seq FROM orders WHERE status = 1 ORDER BY seq)"));
}

void check_every_order_ended(const std::string& database, const std::set<std::string>& acknowledged,
                             const std::set<std::string>& maybe) {
    check_store_is_consistent(database);
    const auto orders = stored_orders(database);
    std::set<std::string> lost = acknowledged;
    std::set<std::string> unknown;
    std::set<std::string> not_ended;
    for (const auto& [id, order] : orders) {
        lost.erase(id);
        if (!acknowledged.contains(id) && !maybe.contains(id)) unknown.insert(id);
        if (order.status < 2 || order.attempts < 1) not_ended.insert(id);
    }
    CHECK_EQ(joined(lost), "");
    CHECK_EQ(joined(unknown), "");
    CHECK_EQ(joined(not_ended), "");
}

}  // namespace orders::test
