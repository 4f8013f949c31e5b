#include "tests/support/store_audit.h"

#include <doctest/doctest.h>

#include "tests/support/store_home.h"

namespace orders::test {
namespace {

void check_none(const Findings& findings) {
    for (const std::string& finding : findings) FAIL_CHECK(finding);
}

}  // namespace

std::map<std::string, StoredOrder> stored_orders(const std::string& database) {
    std::map<std::string, StoredOrder> orders;
    for (const StoredRow& row : stored_rows(database, stored_orders_sql)) {
        orders[row[0]] = {std::stoi(row[1]), std::stoi(row[2]), std::stoi(row[3]),
                          std::stoll(row[4]), row[5]};
    }
    return orders;
}

std::string stored_value(const std::string& database, const std::string& sql) {
    return stored_rows(database, sql).at(0).at(0);
}

std::set<std::string> stored_values(const std::string& database, const std::string& sql) {
    std::set<std::string> values;
    for (const StoredRow& row : stored_rows(database, sql)) values.insert(row.at(0));
    return values;
}

void run_sql(const std::string& database, const std::string& sql) {
    (void)stored_rows(database, sql);
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
    for (const auto& [finding, sql] : store_checks()) {
        add_finding(findings, finding, stored_values(database, sql));
    }
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
