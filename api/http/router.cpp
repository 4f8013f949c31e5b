#include "api/http/router.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "api/http/chunked_body.h"
#include "api/http/problem.h"
#include "api/http/request_log.h"
#include "api/http/request_target.h"

namespace orders::http {
namespace {

constexpr std::array<std::string_view, 5> methods_of_routes{"GET", "POST", "PUT", "PATCH",
                                                            "DELETE"};

void append_method(std::string& list, std::string_view method) {
    list.append(list.empty() ? "" : ", ").append(method);
    if (method == "GET") list.append(", HEAD");
}

// With the header Allow: every path knows OPTIONS, besides the methods of its routes.
Response with_allow(Response response, std::string methods) {
    append_method(methods, "OPTIONS");
    response.headers.emplace_back("Allow", std::move(methods));
    return response;
}

// RFC 9110, section 12.5.3: the header tells this 415 from one that is about the media type.
Response encoded_body() {
    Response response = problem_for(415, "The body must be sent without an encoding.");
    response.headers.emplace_back("Accept-Encoding", "identity");
    return response;
}

// RFC 6750, section 3.1.
Response lack_of_scope(const Access& access) {
    const std::string scope(access.needed_scope());
    Response response =
        problem_for(403, "The token does not have the scope that this takes: " + scope + ".");
    response.headers.emplace_back(
        "WWW-Authenticate",
        R"(Bearer realm="orders", error="insufficient_scope", scope=")" + scope + '"');
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
    RouteTraffic& traffic = traffic_.add_route(
        route.counted_as.empty() ? std::string(route.method) + ' ' + std::string(route.pattern)
                                 : std::string(route.counted_as));
    path->methods.push_back(
        {std::string(route.method), route.access, std::move(route.handler), &traffic});
    append_method(path->allow, route.method);
    if (route.access.is_open()) open_paths_.emplace_back(route.pattern);
}

bool Router::is_open(std::string_view target) const {
    const std::string_view path = target.substr(0, target.find('?'));
    return std::ranges::find(open_paths_, path) != open_paths_.end();
}

std::string Router::allow_of_all_paths() const {
    std::string allow;
    for (const std::string_view method : methods_of_routes) {
        const bool is_known = std::ranges::any_of(paths_, [method](const Path& path) {
            return std::ranges::find(path.methods, method, &Method::name) != path.methods.end();
        });
        if (is_known) append_method(allow, method);
    }
    return allow;
}

void Router::answer(const FramedRequest& request, Reply reply) const {
    const RequestId id = reply.request_id();
    try {
        if (answer_to_page(request, reply)) return;
        find_answer({request, id}, std::move(reply));
    } catch (...) {
        log_failed_request(id);
    }
}

// Before the guard: a browser asks without a token whether it may send one.
bool Router::answer_to_page(const FramedRequest& request, Reply& reply) const {
    const Origins::Verdict origin = origins_.verdict_on(request.headers);
    const bool only_asks = request.method == "GET" || request.method == "HEAD";
    if (origin.is_foreign && !only_asks) {
        std::move(reply).send(to_response(
            {.type = foreign_origin, .detail = "A page of another origin may not do this here."}));
        return true;
    }
    reply.allow_origin(origin.allowed);
    if (origin.allowed.empty() || !is_preflight(request.method, request.headers)) return false;
    std::move(reply).send(preflight_answer(allow_of_all_paths()));
    return true;
}

void Router::find_answer(Asked asked, Reply reply) const {
    const FramedRequest& request = asked.framed;
    if (guard_) {
        auto verdict =
            is_open(request.target) ? Caller{.scopes = {}} : guard_->look_at(request.headers);
        if (auto* const refusal = std::get_if<Response>(&verdict)) {
            traffic_.turn_away(TurnedAway::unauthorized);
            return std::move(reply).send(std::move(*refusal));
        }
        asked.caller = std::get<Caller>(verdict);
        reply.log().note_caller(asked.caller.name);
    }
    if (!RouteMatcher::known_method(request.method)) {
        return std::move(reply).send(problem_for(501, "That method is not known here."));
    }
    if (request.method == "OPTIONS" && is_whole_server(request.target)) {
        return std::move(reply).send(with_allow({.status = 204}, allow_of_all_paths()));
    }
    auto match = matcher_.match(request.method, path_of(request.target));
    if (!match) return std::move(reply).send(problem_for(404, "There is nothing at this path."));
    const Path& found = paths_.at(match->path);
    reply.log().note_route(found.pattern);
    answer_on(found, std::move(*match), asked, std::move(reply));
}

void Router::answer_on(const Path& path, RouteMatch match, const Asked& asked, Reply reply) const {
    const FramedRequest& framed = asked.framed;
    if (framed.method == "OPTIONS") {
        return std::move(reply).send(with_allow({.status = 204}, path.allow));
    }
    const std::string_view method = framed.method == "HEAD" ? "GET" : framed.method;
    const auto found = std::ranges::find(path.methods, method, &Method::name);
    if (found == path.methods.end()) {
        return std::move(reply).send(
            with_allow(problem_for(405, "This path does not know that method."), path.allow));
    }
    reply.note_route(*found->traffic);
    if (!found->access.allows(asked.caller.scopes)) {
        return std::move(reply).send(lack_of_scope(found->access));
    }
    if (framed.is_encoded) return std::move(reply).send(encoded_body());

    const std::string joined =
        framed.is_chunked ? joined_chunks(framed.framed_body) : std::string();
    found->handler({.method = method,
                    .path = std::move(match.decoded_path),
                    .path_parameters = std::move(match.parameters),
                    .query = query_of(framed.target),
                    .headers = framed.headers,
                    .id = asked.id.text(),
                    .caller = asked.caller.name,
                    .body = framed.is_chunked ? std::string_view(joined) : framed.framed_body},
                   std::move(reply));
}

}  // namespace orders::http
