#pragma once

// The model check that ends every attack: what the store, the clients and the workers know must fit
// together. It looks at the store with its engine's own means and none of the project's code, and
// it needs a store that no process uses any more.
//
//   - the clients: every acknowledged order is there, with the payload that was sent; none that was
//     refused, none that nobody sent; what was cancelled has ended so, unless it was retried;
//   - the store's history, which triggers keep from record_history() on, in the very transactions
//     that it tells of: orders moved only along the life cycle, each ended exactly once in each
//     round, and only what has ended was deleted, if anything may be;
//   - the workers' logs at debug level: each attempt was settled at most once, and while its token
//     was that of the newest claim;
//   - the store itself: sound, with counters that equal a recount.

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "tests/faults/order_clients.h"
#include "tests/support/order_processes.h"
#include "tests/support/store_audit.h"

namespace orders::test {

// Call it once, on a store that no order has come to yet.
void record_history(const std::string& database);
// Starts an API, has its store keep its history, and the workers that are started later say what
// they settle.
ChildProcess& start_recorded_api(OrderProcesses& processes,
                                 const OrderProcesses::Environment& more = {});

// For the copy of such a store: removes what tells its history, which is no part of a store.
void forget_history(const std::string& database);

// What there is to check: `worker_log` is all that the workers have said at debug level.
struct Evidence {
    std::string database;
    ClientLog clients;
    std::vector<std::string> worker_log;
    bool may_delete = false;          // old orders are deleted
    bool is_of_order_clients = true;  // all orders carry what order_clients.h says
};

[[nodiscard]] Findings broken_promises(const Evidence& evidence);
// What the clients know is given, the rest is the processes'.
[[nodiscard]] Evidence evidence_of(const OrderProcesses& processes, const ClientLog& clients);
// Ends an attack under load, after the clients: waits until no order is open, and stops everybody.
[[nodiscard]] Evidence evidence_at_end(OrderProcesses& processes, const ClientLog& clients,
                                       std::chrono::milliseconds within);
// For attacks on a few orders.
[[nodiscard]] Evidence evidence_of(const OrderProcesses& processes,
                                   const std::set<std::string>& acknowledged,
                                   const std::set<std::string>& maybe = {});
// Fails the test with what is found.
void check_promises(const Evidence& evidence);

// Whether one of the findings is of that kind: what a negative control has to see.
[[nodiscard]] bool has_finding(const Findings& findings, const std::string& kind);

}  // namespace orders::test
