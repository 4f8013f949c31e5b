#include "shared/storage/store_care.h"

#include "shared/storage/sqlite/backup.h"

namespace orders {

Backup back_up_orders(const std::string& location, const std::string& file) {
    return sqlite::back_up(location, file);
}

}  // namespace orders
