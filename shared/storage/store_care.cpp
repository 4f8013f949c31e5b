#include "shared/storage/store_care.h"

#include "shared/storage/sqlite/backup.h"
#include "shared/storage/sqlite/verification.h"

namespace orders {

Backup back_up_orders(const std::string& location, const std::string& file) {
    return sqlite::back_up(location, file);
}

Verification verify_orders(const std::string& location) {
    return sqlite::verify(location);
}

}  // namespace orders
