#include "api/access/guard.h"

#include <string_view>

#include "api/http/problem.h"

namespace orders {
namespace {

http::Response unauthorized(std::string_view detail, std::string_view challenge) {
    http::Response response = http::problem_for(401, detail);
    response.headers.emplace_back("WWW-Authenticate", challenge);
    return response;
}

}  // namespace

std::variant<http::Caller, http::Response> TokenGuard::look_at(const http::Headers& headers) const {
    const auto verdict = tokens_.verdict_on(headers.value("authorization"));
    if (const auto* const caller = std::get_if<http::Caller>(&verdict)) return *caller;
    if (std::get<AccessTokens::Denial>(verdict) == AccessTokens::Denial::missing) {
        return unauthorized("Send a token, with the header Authorization: Bearer TOKEN.",
                            R"(Bearer realm="orders")");
    }
    return unauthorized("The token is not valid.",
                        R"(Bearer realm="orders", error="invalid_token")");
}

}  // namespace orders
