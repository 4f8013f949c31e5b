#pragma once

// What is true of every row of a sound store, checked row by row, even if the schema ensures it,
// because a damaged file may hold anything. The migrations/ say what the columns mean.

#include "shared/storage/order_reader.h"
#include "shared/storage/sqlite/care/findings.h"
#include "shared/storage/sqlite/connection.h"

namespace orders::sqlite {

// The orders, and whether each has a lease exactly while it is Processing; the counters against a
// recount, which is returned.
StatusCounts check_orders(Connection& connection, Findings& findings);

// Leases, workers, the row that tells whether the store can be written, and the store's identity.
void check_other_tables(Connection& connection, Findings& findings);

}  // namespace orders::sqlite
