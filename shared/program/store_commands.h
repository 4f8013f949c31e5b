#pragma once

// The commands of order-worker that do something with the store instead of working: each prints
// what it did to standard output and returns the exit status. What goes wrong is a StoreError, as
// in shared/storage/store_maintenance.h.

#include <string>

namespace orders {

// `order-worker backup FILE`
[[nodiscard]] int back_up_store(const std::string& location, const std::string& file);

// `order-worker verify`: 0 where the store is sound, else 1.
[[nodiscard]] int verify_store(const std::string& location);

}  // namespace orders
