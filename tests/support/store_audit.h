#pragma once

// Looks at the store itself, with SQLite's own API and none of the project's code: the last word on
// whether a promise was kept. The checks are for a store that no process uses any more.

#include <map>
#include <set>
#include <string>

namespace orders::test {

struct StoredOrder {
    int priority = 0;  // 0 High, 1 Normal
    int status = 0;    // 0 Pending, 1 Processing, 2 Processed, 3 Failed
    int attempts = 0;
    std::string failure;  // empty where there is none
};

// By order id.
[[nodiscard]] std::map<std::string, StoredOrder> stored_orders(const std::string& database);

// A query for one value; NULL is the empty text.
[[nodiscard]] std::string stored_value(const std::string& database, const std::string& sql);

// For tests that spoil a store, or make one from the future.
void run_sql(const std::string& database, const std::string& sql);

// Checks that the file is sound, that the counters equal a recount, and that exactly the orders
// that are Processing have a lease.
void check_store_is_consistent(const std::string& database);

// Checks that, and that every order has ended, that all which were acknowledged are there, and that
// nothing is there which was not asked for. The answer to a `maybe` was lost.
void check_every_order_ended(const std::string& database, const std::set<std::string>& acknowledged,
                             const std::set<std::string>& maybe = {});

}  // namespace orders::test
