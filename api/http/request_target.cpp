#include "api/http/request_target.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "api/http/grammar.h"
#include "shared/text/ascii.h"

namespace orders::http {
namespace {

// RFC 3986, section 3.2.2; percent-encoding aside.
constexpr CharacterSet name_characters = letters_digits_and("-._~!$&'()*+,;=");
constexpr CharacterSet future_address_characters = letters_digits_and("-._~!$&'()*+,;=:");
// A `#` would begin a fragment, which is never sent. The library that decodes targets would take
// `%u0061` for a letter, which no rule of a proxy expects.
constexpr CharacterSet target_characters([](char c) {
    return c > ' ' && c < '\x7f' && c != '#' && c != '%';
});
constexpr CharacterSet hexadecimal_digits([](char c) {
    return ascii::is_digit(c) || (ascii::to_lower(c) >= 'a' && ascii::to_lower(c) <= 'f');
});

// Whether the text has only these characters, and others only percent-encoded.
bool consists_of(const CharacterSet& characters, std::string_view text) {
    constexpr std::size_t digits = 2;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (characters.contains(text[at])) continue;
        const std::string_view encoded = text.substr(at + 1, digits);
        if (text[at] != '%' || encoded.size() < digits ||
            !hexadecimal_digits.contains_all_of(encoded)) {
            return false;
        }
        at += digits;
    }
    return true;
}

// What stands between the brackets of an IP literal.
bool is_address(std::string_view text) {
    if (text.starts_with('v') || text.starts_with('V')) {
        const std::size_t dot = text.find('.');
        if (dot == std::string_view::npos || dot == 1 || dot + 1 == text.size()) return false;
        return hexadecimal_digits.contains_all_of(text.substr(1, dot - 1)) &&
               future_address_characters.contains_all_of(text.substr(dot + 1));
    }
    std::array<char, INET6_ADDRSTRLEN> address{};
    if (text.size() >= address.size() || text.find('\0') != std::string_view::npos) return false;
    text.copy(address.data(), text.size());
    in6_addr binary{};
    return ::inet_pton(AF_INET6, address.data(), &binary) == 1;
}

struct Authority {
    std::string_view host;
    std::string_view port;  // empty if there is none
};

std::optional<Authority> parse_authority(std::string_view text) {
    const bool is_bracketed = text.starts_with('[');
    const std::size_t bracket = is_bracketed ? text.find(']') : 0;
    if (bracket == std::string_view::npos) return std::nullopt;
    const std::size_t host_end = std::min(text.find(':', bracket), text.size());
    const std::string_view host = text.substr(0, host_end);
    const bool is_host_valid =
        is_bracketed ? host.size() == bracket + 1 && is_address(host.substr(1, bracket - 1))
                     : consists_of(name_characters, host);
    const std::string_view port = host_end < text.size() ? text.substr(host_end + 1) : "";
    if (!is_host_valid || !std::all_of(port.begin(), port.end(), ascii::is_digit)) {
        return std::nullopt;
    }
    return Authority{host, port};
}

// What follows `http://`; empty if the target does not begin so.
std::optional<std::string_view> after_scheme(std::string_view target) {
    constexpr std::string_view scheme = "http://";
    if (!ascii::equals_ignoring_case(target.substr(0, scheme.size()), scheme)) return std::nullopt;
    return target.substr(scheme.size());
}

bool is_url(std::string_view target) {
    const auto rest = after_scheme(target);
    if (!rest) return false;
    const auto authority = parse_authority(rest->substr(0, rest->find_first_of("/?")));
    return authority && !authority->host.empty();
}

bool is_tunnel(std::string_view target) {
    constexpr int max_port = 65'535;
    const auto authority = parse_authority(target);
    return authority && !authority->host.empty() &&
           ascii::parse_whole_number(authority->port, 1, max_port);
}

}  // namespace

bool is_host(std::string_view text) noexcept {
    return parse_authority(text).has_value();
}

std::optional<std::string_view> fault_of_target(std::string_view method,
                                                std::string_view target) noexcept {
    if (!consists_of(target_characters, target)) {
        return "The request's target has characters that must be percent-encoded.";
    }
    if (method == "CONNECT") {
        if (is_tunnel(target)) return std::nullopt;
        return "The target of CONNECT must be a host and a port.";
    }
    if (target.starts_with('/') || is_url(target)) return std::nullopt;
    if (target == "*" && method == "OPTIONS") return std::nullopt;
    return "The request's target must be a path or an http:// URL.";
}

bool is_whole_server(std::string_view target) noexcept {
    const auto rest = after_scheme(target);
    return target == "*" || (rest && rest->find_first_of("/?") == std::string_view::npos);
}

std::string_view path_of(std::string_view target) noexcept {
    target = target.substr(0, target.find('?'));
    const auto rest = after_scheme(target);
    if (!rest) return target;
    const std::size_t path = rest->find('/');
    return path == std::string_view::npos ? "/" : rest->substr(path);
}

}  // namespace orders::http
