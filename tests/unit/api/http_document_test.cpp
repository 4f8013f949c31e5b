// api/HTTP.md against the code: every route and every type of problem is in both.

#include <doctest/doctest.h>

#include <algorithm>
#include <regex>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "api/claims/claim_routes.h"
#include "api/events/event_routes.h"
#include "api/http/problem.h"
#include "api/orders/action_routes.h"
#include "api/orders/order_problems.h"
#include "api/orders/order_routes.h"
#include "tests/support/document.h"

namespace orders::test {
namespace {

const std::string path = "api/HTTP.md";

}  // namespace

TEST_CASE("http_document: it has a section for each route, and no other") {
    const auto headings = Document(path).matches(std::regex("(?:^|\n)### ([A-Z]+ /[^\n]*)"));
    const std::set<std::string> described(headings.begin(), headings.end());
    CHECK(described.size() == headings.size());

    std::set<std::string> routed;
    const auto check_table = [&](const auto table) {
        for (const auto& entry : table) {
            const std::string route = std::string(entry.method) + " " + std::string(entry.pattern);
            routed.insert(route);
            // A path that only keeps another one from hiding an order has no section of its own.
            const bool is_described = std::ranges::any_of(table, [&](const auto& other) {
                return other.handler == entry.handler &&
                       described.contains(std::string(other.method) + " " +
                                          std::string(other.pattern));
            });
            CHECK_MESSAGE(is_described, route);
        }
    };
    check_table(OrderRoutes::table());
    check_table(ActionRoutes::table());
    check_table(ClaimRoutes::table());
    check_table(EventRoutes::table());
    for (const std::string& route : described) CHECK_MESSAGE(routed.contains(route), route);
}

TEST_CASE("http_document: it has a row for each type of problem with its status, and no other") {
    std::set<std::pair<std::string, std::string>> described;
    const Document document(path);
    const auto slugs = document.matches(std::regex("\n\\| `([a-z-]+)` \\| [0-9]+ \\|"));
    const auto statuses = document.matches(std::regex("\n\\| `[a-z-]+` \\| ([0-9]+) \\|"));
    for (std::size_t row = 0; row < slugs.size(); ++row) {
        CHECK_MESSAGE(described.emplace(slugs[row], statuses[row]).second, slugs[row]);
    }

    std::set<std::pair<std::string, std::string>> answered;
    const auto take = [&](std::span<const http::ProblemType> types) {
        for (const http::ProblemType& type : types) {
            answered.emplace(type.slug, std::to_string(type.status));
        }
    };
    take(http::server_problems);
    take(order_problems);
    CHECK(described == answered);
}

}  // namespace orders::test
