#pragma once

// The last word on a storm on PostgreSQL: looks at the database with psql and none of the project's
// code.

#include <string>

#include "tests/faults/order_clients.h"
#include "tests/faults/storm.h"
#include "tests/support/postgres_server.h"
#include "tests/support/store_audit.h"

namespace orders::test {

// From now on the database keeps every step outside the life cycle. The schema must be there.
void record_wrong_steps(const PostgresServer& server, const std::string& database);

// What was acknowledged is there as it was sent, what was refused is not, and each order has ended.
[[nodiscard]] Findings broken_promises(const PostgresServer& server, const std::string& database,
                                       const ClientLog& clients);

// Waits until every order has ended, stops the programs, and fails the test with every promise that
// was broken; each order must have ended once, too, and `verify` find nothing.
void check_after_storm(const PostgresServer& server, const std::string& database, Storm& storm,
                       const ClientLog& clients);

}  // namespace orders::test
