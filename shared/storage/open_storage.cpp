#include "shared/storage/open_store.h"
#include "shared/storage/sqlite/sqlite_order_store.h"

namespace orders {

std::unique_ptr<OrderStore> open_order_store(const std::string& location) {
    return sqlite::open_store(location);
}

std::unique_ptr<OrderReader> open_order_reader(const std::string& location) {
    return sqlite::open_reader(location);
}

}  // namespace orders
