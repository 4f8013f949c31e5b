#pragma once

// The last word on a storm on PostgreSQL: looks at the database with psql and none of the project's
// code.

#include <string>

#include "tests/faults/order_clients.h"
#include "tests/faults/storm.h"
#include "tests/support/postgres_server.h"

namespace orders::test {

// From now on the database keeps every step outside the life cycle. The schema must be there.
void record_wrong_steps(const PostgresServer& server, const std::string& database);

// Waits until every order has ended, stops the programs, and fails the test with every promise that
// was broken: what was acknowledged is there as it was sent, what was refused is not, each order
// has ended once, and `verify` finds nothing.
void check_after_storm(const PostgresServer& server, const std::string& database, Storm& storm,
                       const ClientLog& clients);

}  // namespace orders::test
