// What requests are called.

#include "api/http/request_id.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "api/http/grammar.h"

namespace orders::http {
namespace {

std::string id_for(const std::string& header) {
    return std::string(RequestId::of(Headers(header)).text());
}

bool is_made(const std::string& id) {
    static constexpr CharacterSet digits(
        [](char c) { return ascii::is_digit(c) || (c >= 'a' && c <= 'f'); });
    return id.size() == 16 && digits.contains_all_of(id);
}

TEST_CASE("request_id: a client's own is taken") {
    const std::string longest(64, 'a');
    for (const std::string& id : {std::string("a"), std::string("Az09._-"), longest}) {
        CHECK(id_for("X-Request-Id: " + id + "\r\n") == id);
        CHECK(id_for("Host: a\r\nx-request-id:" + id + " \r\nA: b\r\n") == id);
    }
}

TEST_CASE("request_id: one that could be mistaken for something else is replaced by a new one") {
    for (const std::string& id :
         {std::string(), std::string(65, 'a'), std::string("a b"), std::string("a\"b"),
          std::string("a=b"), std::string("a,b"), std::string("<b>"), std::string("\xc3\xa4"),
          std::string("a\0b", 3), std::string("a/b"), std::string("{a}")}) {
        CAPTURE(id);
        CHECK(is_made(id_for("X-Request-Id: " + id + "\r\n")));
    }
    CHECK(is_made(id_for("X-Request-Ids: a\r\n")));
}

TEST_CASE("request_id: those that are made differ, whichever threads make them") {
    constexpr std::size_t threads = 4;
    constexpr std::size_t each = 2'000;
    std::vector<std::vector<std::string>> made(threads);
    {
        std::vector<std::jthread> makers;
        for (std::vector<std::string>& ids : made) {
            makers.emplace_back([&ids] {
                for (std::size_t i = 0; i < each; ++i) ids.emplace_back(RequestId::make().text());
            });
        }
    }
    std::set<std::string> all;
    for (const auto& ids : made) all.insert(ids.begin(), ids.end());
    CHECK(all.size() == threads * each);
    for (const std::string& id : all) CHECK(is_made(id));
}

}  // namespace
}  // namespace orders::http
