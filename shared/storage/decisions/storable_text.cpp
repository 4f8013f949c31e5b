#include "shared/storage/decisions/storable_text.h"

#include <cstddef>
#include <limits>

#include "shared/text/utf8.h"

namespace orders {

std::string storable(std::string_view text) {
    std::string kept = utf8::truncated(text, std::numeric_limits<std::size_t>::max());
    for (std::size_t at = 0; (at = kept.find('\0', at)) != std::string::npos;) {
        kept.replace(at, 1, "\xef\xbf\xbd");
    }
    return kept;
}

}  // namespace orders
