#pragma once

// Opens a store on a PostgreSQL server; see shared/storage/open_storage.h.
//
// Programs on any number of hosts may have it open. Each part has a connection of its own, which it
// makes anew when it is lost; what cannot be done meanwhile fails as busy. A program needs no more
// than the database, the schema `orders` in it, and its tables, functions and sequences: it makes
// the schema if it is not there. Nothing is left in a session, so a pooler that gives each
// transaction another connection (pgbouncer, pool_mode = transaction) does no harm; but through one
// no watch rings.

#include <memory>

#include "shared/storage/open_storage.h"
#include "shared/storage/postgres/server_url.h"

namespace orders::postgres {

// Does not connect yet.
[[nodiscard]] std::unique_ptr<Storage> open_storage(ServerUrl url);

}  // namespace orders::postgres
