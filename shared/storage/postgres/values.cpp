#include "shared/storage/postgres/values.h"

#include <limits>

#include "shared/text/utf8.h"

namespace orders::postgres {

void Array::add(std::string_view value) {
    begin();
    text_ += '"';
    for (const char c : value) {
        if (c == '"' || c == '\\') text_ += '\\';
        text_ += c;
    }
    text_ += '"';
}

std::string storable(std::string_view text) {
    std::string kept = utf8::truncated(text, std::numeric_limits<std::size_t>::max());
    for (std::size_t at = 0; (at = kept.find('\0', at)) != std::string::npos;) {
        kept.replace(at, 1, "\xef\xbf\xbd");
    }
    return kept;
}

}  // namespace orders::postgres
