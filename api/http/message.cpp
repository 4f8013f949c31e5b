#include "api/http/message.h"

#include "shared/text/ascii.h"

namespace orders::http {

std::optional<std::string_view> Headers::find(std::string_view name) const noexcept {
    constexpr std::string_view line_end = "\r\n";
    for (std::string_view rest = lines_; !rest.empty();) {
        const std::size_t colon = rest.find(':');
        const std::size_t end = rest.find(line_end, colon);
        if (ascii::equals_ignoring_case(rest.substr(0, colon), name)) {
            return ascii::trimmed(rest.substr(colon + 1, end - colon - 1));
        }
        rest.remove_prefix(end + line_end.size());
    }
    return std::nullopt;
}

}  // namespace orders::http
