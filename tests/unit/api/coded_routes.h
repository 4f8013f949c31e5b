#pragma once

// The routes and the types of problems that the code has, for documents that must describe them
// all.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/claims/claim_routes.h"
#include "api/events/event_routes.h"
#include "api/http/access.h"
#include "api/http/problem.h"
#include "api/metrics/metrics_routes.h"
#include "api/openapi/openapi_document.h"
#include "api/orders/action_routes.h"
#include "api/orders/order_problems.h"
#include "api/orders/order_routes.h"
#include "api/settings_routes.h"

namespace orders::test {

struct CodedRoute {
    std::string name;     // such as "GET /livez"
    std::string handler;  // the name of the first route with the same handler
    http::Access access;
};

[[nodiscard]] inline std::vector<CodedRoute> coded_routes() {
    const auto name_of = [](const auto& entry) {
        return std::string(entry.method) + " " + std::string(entry.pattern);
    };
    const std::string openapi = "GET " + std::string(openapi_path);
    std::vector<CodedRoute> routes{{openapi, openapi, openapi_access}};
    const auto take = [&](const auto table) {
        for (const auto& entry : table) {
            const auto first = std::ranges::find_if(
                table, [&](const auto& other) { return other.handler == entry.handler; });
            routes.push_back({name_of(entry), name_of(*first), entry.access});
        }
    };
    take(OrderRoutes::table());
    take(ActionRoutes::table());
    take(ClaimRoutes::table());
    take(EventRoutes::table());
    take(SettingsRoutes::table());
    take(MetricsRoutes::table());
    return routes;
}

// `described`: names of routes.
inline void check_describes_routes(const std::set<std::string>& described) {
    const std::vector<CodedRoute> routes = coded_routes();
    std::set<std::string> coded;
    for (const CodedRoute& route : routes) {
        coded.insert(route.name);
        // A path that only keeps another one from hiding an order need not be described.
        const bool is_described = std::ranges::any_of(routes, [&](const CodedRoute& other) {
            return other.handler == route.handler && described.contains(other.name);
        });
        CHECK_MESSAGE(is_described, route.name);
    }
    for (const std::string& route : described) CHECK_MESSAGE(coded.contains(route), route);
}

// The status of each, by its slug.
[[nodiscard]] inline std::map<std::string, int> coded_problems() {
    std::map<std::string, int> problems;
    const auto take = [&](std::span<const http::ProblemType> types) {
        for (const auto& type : types) problems.emplace(type.slug, type.status);
    };
    take(http::server_problems);
    take(order_problems);
    return problems;
}

}  // namespace orders::test
