// api/HTTP.md against the code: every route and every type of problem is in both.

#include <doctest/doctest.h>

#include <map>
#include <regex>
#include <set>
#include <string>

#include "tests/support/document.h"
#include "tests/unit/api/coded_routes.h"

namespace orders::test {
namespace {

const std::string path = "api/HTTP.md";

}  // namespace

TEST_CASE("http_document: it has a section for each route, and no other") {
    const auto headings = Document(path).matches(std::regex("(?:^|\n)### ([A-Z]+ /[^\n]*)"));
    const std::set<std::string> described(headings.begin(), headings.end());
    CHECK(described.size() == headings.size());
    check_describes_routes(described);
}

TEST_CASE("http_document: it has a row for each type of problem with its status, and no other") {
    std::map<std::string, int> described;
    const Document document(path);
    const auto slugs = document.matches(std::regex("\n\\| `([a-z-]+)` \\| [0-9]+ \\|"));
    const auto statuses = document.matches(std::regex("\n\\| `[a-z-]+` \\| ([0-9]+) \\|"));
    for (std::size_t row = 0; row < slugs.size(); ++row) {
        CHECK_MESSAGE(described.emplace(slugs[row], std::stoi(statuses[row])).second, slugs[row]);
    }
    CHECK(described == coded_problems());
}

}  // namespace orders::test
