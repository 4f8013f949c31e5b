#include "api/http/problem.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace orders {
namespace {

struct HttpProblem {
    int status;
    std::string_view slug;
    std::string_view title;
};

// In the words of RFC 9110, section 15.
constexpr std::array http_problems{
    HttpProblem{400, "malformed-request", "Bad Request"},
    HttpProblem{401, "unauthorized", "Unauthorized"},
    HttpProblem{404, "route-not-found", "Not Found"},
    HttpProblem{405, "method-not-allowed", "Method Not Allowed"},
    HttpProblem{408, "request-too-slow", "Request Timeout"},
    HttpProblem{413, "body-too-large", "Content Too Large"},
    HttpProblem{414, "uri-too-long", "URI Too Long"},
    HttpProblem{415, "unsupported-media-type", "Unsupported Media Type"},
    HttpProblem{431, "header-too-large", "Request Header Fields Too Large"},
    HttpProblem{500, "internal-error", "Internal Server Error"},
    HttpProblem{501, "not-implemented", "Not Implemented"},
    HttpProblem{503, "overloaded", "Service Unavailable"},
    HttpProblem{505, "version-not-supported", "HTTP Version Not Supported"},
};

}  // namespace

HttpResponse to_response(const Problem& problem) {
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

HttpResponse http_problem(int status, std::string_view detail) {
    const auto* known = std::ranges::find(http_problems, status, &HttpProblem::status);
    if (known == http_problems.end()) known = http_problems.begin();
    return to_response({.status = status,
                        .slug = known->slug,
                        .title = known->title,
                        .detail = std::string(detail)});
}

}  // namespace orders
