#pragma once

// Opens the orders. The only place that chooses a backend; today there is one, SQLite, and the
// location is the path of its file.

#include <memory>
#include <string>

#include "shared/storage/order_store.h"

namespace orders {

// Creates what is not there yet and brings an older store up to this program's schema; whichever
// process comes first does it, and the others wait. Throws StoreError (unusable) with a hint where
// the location cannot be used.
[[nodiscard]] std::unique_ptr<OrderStore> open_order_store(const std::string& location);

// For reading only, from a store that open_order_store has opened before.
[[nodiscard]] std::unique_ptr<OrderReader> open_order_reader(const std::string& location);

}  // namespace orders
