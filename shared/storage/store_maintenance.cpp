#include "shared/storage/store_maintenance.h"

#include "shared/storage/sqlite/care/backup.h"
#include "shared/storage/sqlite/care/verification.h"

namespace orders {

Backup back_up_orders(const std::string& location, const std::string& file) {
    return sqlite::back_up(location, file);
}

Verification verify_orders(const std::string& location) {
    return sqlite::verify(location);
}

}  // namespace orders
