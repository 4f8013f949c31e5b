#include "api/http/origins.h"

#include <algorithm>
#include <utility>

#include "api/http/request_target.h"
#include "shared/text/ascii.h"

namespace orders::http {
namespace {

constexpr std::string_view scheme_end = "://";

// The port that a URL with this scheme need not name, with the colon.
std::string_view implied_port(std::string_view scheme) noexcept {
    if (scheme == "http") return ":80";
    return scheme == "https" ? ":443" : "";
}

// In an authority.
std::string_view without_port(std::string_view host, std::string_view port) noexcept {
    if (!port.empty() && host.ends_with(port)) host.remove_suffix(port.size());
    return host;
}

// Which of http and https the client speaks to a proxy in front is not known here.
bool is_at(std::string_view origin, std::string_view host) noexcept {
    const std::size_t end = origin.find(scheme_end);
    if (end == std::string_view::npos || host.empty()) return false;
    const std::string_view port = implied_port(origin.substr(0, end));
    const std::string_view own = origin.substr(end + scheme_end.size());
    return !own.empty() &&
           ascii::equals_ignoring_case(without_port(own, port), without_port(host, port));
}

}  // namespace

bool is_origin(std::string_view text) noexcept {
    const std::size_t end = text.find(scheme_end);
    if (end == std::string_view::npos || end == 0) return false;
    const std::string_view scheme = text.substr(0, end);
    const std::string_view host = text.substr(end + scheme_end.size());
    const bool is_lower = std::ranges::all_of(text, [](char c) { return ascii::to_lower(c) == c; });
    const std::string_view port = implied_port(scheme);
    return is_lower &&
           std::ranges::all_of(scheme,
                               [](char c) {
                                   return ascii::is_letter_or_digit(c) || c == '+' || c == '-' ||
                                          c == '.';
                               }) &&
           !host.empty() && is_host(host) && (port.empty() || !host.ends_with(port));
}

Origins::Verdict Origins::verdict_on(const Headers& headers) const noexcept {
    const auto origin = headers.find("origin");
    if (!origin) return {};
    for (const std::string& named : named_) {
        if (named == any_origin || named == *origin) return {.allowed = named};
    }
    return {.is_foreign = !is_at(*origin, headers.value("host"))};
}

bool is_preflight(std::string_view method, const Headers& headers) noexcept {
    return method == "OPTIONS" && headers.find("access-control-request-method").has_value();
}

Response preflight_answer(std::string methods) {
    return {.status = 204,
            .headers = {{"Access-Control-Allow-Methods", std::move(methods)},
                        {"Access-Control-Allow-Headers",
                         "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, "
                         "X-Request-Id, traceparent, tracestate"},
                        {"Access-Control-Max-Age", "600"}}};
}

}  // namespace orders::http
