#include "api/http/problem.h"

#include <algorithm>
#include <cassert>
#include <nlohmann/json.hpp>

#include "api/http/field_errors_json.h"

namespace orders::http {
namespace {

constexpr std::string_view content_type = "application/problem+json";
constexpr std::string_view end_of_problem = "}\n";

}  // namespace

Response to_response(const Problem& problem) {
    nlohmann::ordered_json body{
        {"type", "urn:order-management:problem:" + std::string(problem.type.slug)},
        {"title", problem.type.title},
        {"status", problem.type.status},
        {"detail", problem.detail},
    };
    for (const auto& [name, value] : problem.members) body[name] = value;
    if (!problem.errors.empty()) body["errors"] = list_of(problem.errors);
    return {
        .status = problem.type.status,
        .content_type = std::string(content_type),
        .headers = {},
        // What a client sent may be quoted in a detail and need not be UTF-8.
        .body = body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n',
    };
}

Response problem_for(int status, std::string_view detail) {
    const auto* const type = std::ranges::find(server_problems, status, &ProblemType::status);
    assert(type != server_problems.end());
    return to_response({.type = *type, .detail = std::string(detail)});
}

Response internal_error() {
    return problem_for(500, "The server failed to answer this request.");
}

void add_request_id(Response& response, std::string_view request_id) {
    if (response.status < 500 || response.content_type != content_type) return;
    assert(response.body.ends_with(end_of_problem));
    response.body.resize(response.body.size() - end_of_problem.size());
    response.body.append(R"(,"request_id":")").append(request_id).append("\"}\n");
}

}  // namespace orders::http
