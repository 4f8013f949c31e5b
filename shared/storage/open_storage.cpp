#include "shared/storage/open_storage.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "shared/storage/sqlite/sqlite_storage.h"
#include "shared/text/ascii.h"

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
    if (begins_with(location, "postgresql://") || begins_with(location, "postgres://")) {
        return "PostgreSQL is not supported by this program";
    }
    if (begins_with(location, ":memory:")) {
        return "orders in memory would be seen by one process only, and lost with it";
    }
    if (begins_with(location, "file:") || is_url(location)) return "URLs are not supported";
    return {};
}

}  // namespace

std::unique_ptr<Storage> open_storage(const std::string& location) {
    if (const std::string_view reason = reason_against(location); !reason.empty()) {
        throw UnknownLocation(std::string(reason) + "; give the path of a SQLite file");
    }
    return sqlite::open_storage(location);
}

}  // namespace orders
