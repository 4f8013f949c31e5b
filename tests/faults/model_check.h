#pragma once

// The model check that ends every attack: what the store, the clients and the workers know must fit
// together. It looks at the store with SQLite's own API and none of the project's code, and it
// needs a store that no process uses any more.
//
//   - the clients: every acknowledged order is there, none that was refused, none that nobody sent;
//   - the store's history, which triggers keep from record_history() on, in the very transactions
//     that it tells of: orders moved only along the life cycle, and each ended exactly once;
//   - the workers' logs at debug level: each order was settled at most once, with the token of the
//     store's newest claim;
//   - the store itself: sound, with counters that equal a recount.

#include <string>
#include <vector>

#include "tests/faults/order_clients.h"
#include "tests/support/store_audit.h"

namespace orders::test {

// To be called once, on a store that no order has come to yet.
void record_history(const std::string& database);

// For the copy of such a store: removes what tells its history, which is no part of a store.
void forget_history(const std::string& database);

// `worker_log` is all that the workers have said.
[[nodiscard]] Findings broken_promises(const std::string& database, const ClientLog& clients,
                                       const std::vector<std::string>& worker_log);

void check_promises(const std::string& database, const ClientLog& clients,
                    const std::vector<std::string>& worker_log);

}  // namespace orders::test
