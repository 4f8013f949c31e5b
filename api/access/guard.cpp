#include "api/access/guard.h"

#include <string>
#include <utility>

#include "api/http/problem.h"

namespace orders {
namespace {

// Spelled exactly so: whatever else could mean the same path needs a token.
bool is_open_to_everybody(std::string_view target) {
    const std::string_view path = target.substr(0, target.find('?'));
    return path == "/livez" || path == "/readyz";
}

HttpResponse unauthorized(std::string_view detail, std::string_view challenge) {
    HttpResponse response = http_problem(401, detail);
    response.headers.emplace_back("WWW-Authenticate", challenge);
    return response;
}

}  // namespace

HttpGuard access_guard(AccessTokens tokens) {
    return [tokens = std::move(tokens)](
               std::string_view target,
               std::string_view authorization) -> std::optional<HttpResponse> {
        if (is_open_to_everybody(target)) return std::nullopt;
        switch (tokens.verdict_on(authorization)) {
            case AccessTokens::Verdict::granted:
                return std::nullopt;
            case AccessTokens::Verdict::missing:
                return unauthorized("Send a token, with the header Authorization: Bearer TOKEN.",
                                    R"(Bearer realm="orders")");
            case AccessTokens::Verdict::invalid:
                break;
        }
        return unauthorized("The token is not valid.",
                            R"(Bearer realm="orders", error="invalid_token")");
    };
}

}  // namespace orders
