#include "api/http/problem.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <nlohmann/json.hpp>

#include "api/http/response_head.h"

namespace orders::http {
namespace {

// What kind of problem a status is if nothing more can be said about it.
struct Slug {
    int status;
    std::string_view text;
};
constexpr std::array slugs{
    Slug{400, "malformed-request"},     Slug{401, "unauthorized"},
    Slug{404, "route-not-found"},       Slug{405, "method-not-allowed"},
    Slug{408, "request-too-slow"},      Slug{413, "body-too-large"},
    Slug{414, "uri-too-long"},          Slug{415, "unsupported-media-type"},
    Slug{431, "header-too-large"},      Slug{500, "internal-error"},
    Slug{501, "not-implemented"},       Slug{503, "overloaded"},
    Slug{505, "version-not-supported"},
};

}  // namespace

Response to_response(const Problem& problem) {
    nlohmann::ordered_json body{
        {"type", "urn:order-management:problem:" + std::string(problem.slug)},
        {"title", problem.title},
        {"status", problem.status},
        {"detail", problem.detail},
    };
    for (const auto& [name, value] : problem.members) body[name] = value;
    if (!problem.errors.empty()) {
        auto& errors = body["errors"] = nlohmann::ordered_json::array();
        for (const auto& [field, detail] : problem.errors) {
            errors.push_back({{"field", field}, {"detail", detail}});
        }
    }
    return {
        .status = problem.status,
        .content_type = "application/problem+json",
        .headers = {},
        // What a client sent may be quoted in a detail and need not be UTF-8.
        .body = body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace),
    };
}

Response problem_for(int status, std::string_view detail) {
    const auto* const known = std::ranges::find(slugs, status, &Slug::status);
    assert(known != slugs.end());
    return to_response({.status = status,
                        .slug = known->text,
                        .title = reason_phrase(status),
                        .detail = std::string(detail)});
}

Response internal_error() {
    return problem_for(500, "The server failed to answer this request.");
}

}  // namespace orders::http
