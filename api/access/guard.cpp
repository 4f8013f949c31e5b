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

std::optional<http::Response> TokenGuard::refusal_of(const http::Headers& headers) const {
    switch (tokens_.verdict_on(headers.value("authorization"))) {
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
}

}  // namespace orders
