#include "shared/storage/open_storage.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "shared/storage/sqlite/sqlite_storage.h"
#include "shared/text/ascii.h"
#ifdef ORDERS_POSTGRES
#include "shared/storage/postgres/postgres_storage.h"
#endif

namespace orders {
namespace {

bool begins_with(std::string_view location, std::string_view beginning) {
    return ascii::equals_ignoring_case(location.substr(0, beginning.size()), beginning);
}

// `scheme://...` (RFC 3986, section 3).
bool is_url(std::string_view location) {
    const std::size_t end = location.find("://");
    if (end == std::string_view::npos || end == 0 || !ascii::is_letter(location[0])) return false;
    static constexpr std::string_view others = "+-.";
    return std::ranges::all_of(location.substr(0, end), [](char c) {
        return ascii::is_letter_or_digit(c) || others.find(c) != std::string_view::npos;
    });
}

// Why the location cannot be opened, as the end of a sentence; empty if it is a path.
std::string_view reason_against(std::string_view location) {
    if (begins_with(location, ":memory:")) {
        return "orders in memory would be seen by one process only, and lost with it";
    }
    if (begins_with(location, "file:") || is_url(location)) return "URLs are not supported";
    return {};
}

#ifdef ORDERS_POSTGRES
std::unique_ptr<Storage> open_postgres(const std::string& location) {
    auto url = postgres::ServerUrl::parse(location);
    if (!url) {
        throw UnknownLocation(
            "this is no valid URL of a PostgreSQL database; characters such as % / @ : # in user "
            "and password must be percent-encoded");
    }
    return postgres::open_storage(*std::move(url));
}
#else
std::unique_ptr<Storage> open_postgres(const std::string& /*location*/) {
    throw UnknownLocation(
        "this program was built without PostgreSQL; give the path of a SQLite file");
}
#endif

}  // namespace

bool is_server_url(const std::string& location) {
    return begins_with(location, "postgresql://") || begins_with(location, "postgres://");
}

bool shows_password(const std::string& location) {
    if (!is_server_url(location)) return false;
    const std::string_view behind = std::string_view(location).substr(location.find("://") + 3);
    const std::string_view authority = behind.substr(0, behind.find_first_of("/?#"));
    const std::string_view user = authority.substr(0, authority.rfind('@'));
    // A password that is not encoded as it should be may have any of these in it.
    const bool has_user_part = behind.find('@') != std::string_view::npos;
    return (has_user_part && user.find(':') != std::string_view::npos) ||
           behind.find("password=") != std::string_view::npos;
}

std::unique_ptr<Storage> open_storage(const std::string& location) {
    if (is_server_url(location)) return open_postgres(location);
    if (const std::string_view reason = reason_against(location); !reason.empty()) {
        throw UnknownLocation(std::string(reason) + "; give the path of a SQLite file");
    }
    return sqlite::open_storage(location);
}

}  // namespace orders
