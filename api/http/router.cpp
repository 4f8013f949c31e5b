#include "api/http/router.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "api/http/problem.h"
#include "api/http/request_log.h"

namespace orders::http {
namespace {

constexpr std::array<std::string_view, 5> methods_of_routes{"GET", "POST", "PUT", "PATCH",
                                                            "DELETE"};

Response not_allowed(const std::string& allow) {
    Response response = problem_for(405, "This path does not know that method.");
    response.headers.emplace_back("Allow", allow);
    return response;
}

}  // namespace

void Router::add(Route route) {
    if (std::ranges::find(methods_of_routes, route.method) == methods_of_routes.end()) {
        throw std::invalid_argument("no routes for " + std::string(route.method));
    }
    auto path = std::ranges::find(paths_, route.pattern, &Path::pattern);
    if (path == paths_.end()) {
        matcher_.add(route.pattern);
        path = paths_.insert(path, Path{std::string(route.pattern), {}, {}});
    }
    path->methods.push_back({std::string(route.method), std::move(route.handler)});
    path->allow.append(path->allow.empty() ? "" : ", ").append(route.method);
    if (route.method == "GET") path->allow.append(", HEAD");
    if (route.is_open) open_paths_.emplace_back(route.pattern);
}

bool Router::is_open(std::string_view target) const {
    const std::string_view path = target.substr(0, target.find('?'));
    return std::ranges::find(open_paths_, path) != open_paths_.end();
}

void Router::answer(const FramedRequest& request, Reply reply) const {
    try {
        find_answer(request, std::move(reply));
    } catch (...) {
        log_failed_request();
    }
}

void Router::find_answer(const FramedRequest& request, Reply reply) const {
    if (guard_ && !is_open(request.target)) {
        if (auto refusal = guard_->refusal_of(request.headers)) {
            return std::move(reply).send(std::move(*refusal));
        }
    }
    if (!RouteMatcher::knows(request.method)) {
        return std::move(reply).send(problem_for(501, "That method is not known here."));
    }
    auto match = matcher_.match(request.method, path_of(request.target));
    if (!match) return std::move(reply).send(problem_for(404, "There is nothing at this path."));
    const Path& path = paths_.at(match->path);
    answer_on(path, std::move(*match), request, std::move(reply));
}

void Router::answer_on(const Path& path, RouteMatch match, const FramedRequest& framed,
                       Reply reply) const {
    const std::string_view method = framed.method == "HEAD" ? "GET" : framed.method;
    const auto found = std::ranges::find(path.methods, method, &Method::name);
    if (found == path.methods.end()) return std::move(reply).send(not_allowed(path.allow));

    const std::string joined = framed.is_chunked ? joined_chunks(framed) : std::string();
    found->handler({.method = method,
                    .path = std::move(match.decoded_path),
                    .path_parameters = std::move(match.parameters),
                    .query = query_of(framed.target),
                    .headers = framed.headers,
                    .body = framed.is_chunked ? std::string_view(joined) : framed.framed_body},
                   std::move(reply));
}

}  // namespace orders::http
