#pragma once

// Looks at the store itself, with its engine's own means and none of the project's code: the last
// word on whether a promise was kept. The checks are for a store that no process uses any more.
// `database` is its location, of the backend that the program is about (store_home.h).

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace orders::test {

struct StoredOrder {
    int priority = 0;  // 0 High, 1 Normal
    int status = 0;    // as stored: 2 Processed, 3 Failed, 4 Cancelled are ends
    int attempts = 0;
    std::int64_t lease_token = 0;
    std::string failure;  // empty if there is none
    friend bool operator==(const StoredOrder&, const StoredOrder&) = default;
};

[[nodiscard]] inline bool has_ended(const StoredOrder& order) {
    return order.status >= 2 && order.status <= 4;
}

// By order id.
[[nodiscard]] std::map<std::string, StoredOrder> stored_orders(const std::string& database);

// A query for one value; NULL is the empty text.
[[nodiscard]] std::string stored_value(const std::string& database, const std::string& sql);
// The first column of what a query finds.
[[nodiscard]] std::set<std::string> stored_values(const std::string& database,
                                                  const std::string& sql);

// For tests that spoil a store, or make one from the future.
void run_sql(const std::string& database, const std::string& sql);

// One line for each thing that is wrong; none if all is well.
using Findings = std::vector<std::string>;

// Whether the store is sound, the counters equal a recount, and exactly the orders that are
// Processing have a lease.
[[nodiscard]] Findings inconsistencies(const std::string& database);

// Whether every order has ended, all that were acknowledged are there, and nothing is there that
// was not asked for. The answer to a `maybe` was lost.
[[nodiscard]] Findings unkept_promises(const std::map<std::string, StoredOrder>& orders,
                                       const std::set<std::string>& acknowledged,
                                       const std::set<std::string>& maybe = {});

// `kind: number: id id id ...`, with the first few ids; nothing if there are none.
void add_finding(Findings& findings, const std::string& kind, const std::set<std::string>& ids);

// Fail the test with what they find.
void check_store_is_consistent(const std::string& database);
void check_every_order_ended(const std::string& database, const std::set<std::string>& acknowledged,
                             const std::set<std::string>& maybe = {});

}  // namespace orders::test
