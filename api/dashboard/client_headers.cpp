#include "api/dashboard/client_headers.h"

#include "shared/text/ascii.h"

namespace orders {
namespace {

// The part before the separator, which is taken off the text with it.
std::string_view take_part(std::string_view& text, char separator) {
    const auto end = text.find(separator);
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return ascii::trimmed(part);
}

// `q=0`, `q=0.0`, ...: not at all.
bool is_zero_weight(std::string_view parameter) {
    if (!ascii::equals_ignoring_case(parameter.substr(0, 2), "q=")) return false;
    const std::string_view weight = parameter.substr(2);
    return !weight.empty() && weight.find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) noexcept {
    bool takes_any = false;
    while (!accept_encoding.empty()) {
        std::string_view coding = take_part(accept_encoding, ',');
        const std::string_view name = take_part(coding, ';');
        const bool is_taken = !is_zero_weight(ascii::trimmed(coding));
        if (ascii::equals_ignoring_case(name, "gzip")) return is_taken;
        if (name == "*") takes_any = is_taken;
    }
    return takes_any;
}

bool names_etag(std::string_view if_none_match, std::string_view etag) noexcept {
    while (!if_none_match.empty()) {
        std::string_view tag = take_part(if_none_match, ',');
        if (tag.starts_with("W/")) tag.remove_prefix(2);
        if (tag == etag || tag == "*") return true;
    }
    return false;
}

}  // namespace orders
