#include "shared/storage/open_storage.h"

#include <string_view>

#include "shared/storage/sqlite/sqlite_storage.h"
#include "shared/text/ascii.h"

namespace orders {
namespace {

bool is_postgresql_url(std::string_view location) {
    for (const std::string_view scheme : {"postgresql://", "postgres://"}) {
        if (ascii::equals_ignoring_case(location.substr(0, scheme.size()), scheme)) return true;
    }
    return false;
}

}  // namespace

std::unique_ptr<Storage> open_storage(const std::string& location) {
    if (is_postgresql_url(location)) {
        throw UnknownLocation(
            "PostgreSQL is not supported by this program; give the path of a SQLite file");
    }
    return sqlite::open_storage(location);
}

}  // namespace orders
