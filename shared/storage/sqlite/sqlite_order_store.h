#pragma once

// The SQLite backend of shared/storage/order_store.h, for one file on a local disk in WAL mode.
// This file puts its parts together: order_queries.h reads, order_writes.h writes, turnstile.h lets
// one writer in at a time, wal_bound.h keeps the log short, migrations.h brings the schema up to
// date.

#include <memory>
#include <string>

#include "shared/storage/order_store.h"

namespace orders::sqlite {

// As open_order_store and open_order_reader in shared/storage/open_store.h.
[[nodiscard]] std::unique_ptr<OrderStore> open_store(const std::string& path);
[[nodiscard]] std::unique_ptr<OrderReader> open_reader(const std::string& path);

}  // namespace orders::sqlite
