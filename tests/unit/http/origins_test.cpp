// Which web pages may use the API.

#include "api/http/origins.h"

#include <doctest/doctest.h>

#include <string>

namespace orders::http {
namespace {

Origins::Verdict verdict(const Origins& origins, const std::string& origin,
                         const std::string& host = "api.example.com:8080") {
    return origins.verdict_on(Headers("Host: " + host + "\r\nOrigin: " + origin + "\r\n"));
}

TEST_CASE("origins: a page of the API's own host is not foreign, any other page is") {
    const Origins none;
    for (const std::string own : {"http://api.example.com:8080", "https://api.example.com:8080",
                                  "http://API.example.com:8080"}) {
        CAPTURE(own);
        CHECK_FALSE(verdict(none, own).is_foreign);
        CHECK(verdict(none, own).allowed.empty());
    }
    for (const std::string foreign :
         {"http://api.example.com", "http://api.example.com:80", "http://api.example.com:8081",
          "http://example.com:8080", "http://api.example.com.evil.test:8080",
          "http://evil-api.example.com:8080", "http://api.example.com:8080.evil.test",
          "api.example.com:8080", "null", "", "http://", "file://", "http://api.example.com:80800",
          "http://api.example.com:8080/", "http://x@api.example.com:8080"}) {
        CAPTURE(foreign);
        CHECK(verdict(none, foreign).is_foreign);
    }
}

TEST_CASE("origins: the port that a scheme implies may be named, or not") {
    const Origins none;
    CHECK_FALSE(verdict(none, "http://a", "a:80").is_foreign);
    CHECK_FALSE(verdict(none, "http://a", "a").is_foreign);
    CHECK_FALSE(verdict(none, "https://a", "a:443").is_foreign);
    CHECK_FALSE(verdict(none, "https://[::1]", "[::1]:443").is_foreign);
    CHECK(verdict(none, "http://a", "a:443").is_foreign);
    CHECK(verdict(none, "https://a", "a:80").is_foreign);
}

TEST_CASE("origins: a request that names none is no page's, and one without a host has no own") {
    const Origins none;
    CHECK_FALSE(none.verdict_on(Headers("Host: a\r\n")).is_foreign);
    CHECK(none.verdict_on(Headers("Origin: http://a\r\n")).is_foreign);
}

TEST_CASE("origins: those that are named are allowed, exactly as they are named") {
    const Origins origins({"https://shop.example.com", "http://localhost:3000"});
    for (const std::string named : {"https://shop.example.com", "http://localhost:3000"}) {
        CHECK(verdict(origins, named).allowed == named);
        CHECK_FALSE(verdict(origins, named).is_foreign);
    }
    for (const std::string other : {"http://shop.example.com", "https://shop.example.com:8443",
                                    "https://SHOP.example.com", "http://localhost", "*"}) {
        CAPTURE(other);
        CHECK(verdict(origins, other).is_foreign);
        CHECK(verdict(origins, other).allowed.empty());
    }
    CHECK(verdict(Origins({"*"}), "http://anybody.example").allowed == "*");
    CHECK(verdict(Origins({"*"}), "null").allowed == "*");
}

TEST_CASE("origins: an origin is spelled as browsers spell it") {
    for (const std::string good : {"https://shop.example.com", "http://localhost:3000",
                                   "http://127.0.0.1:8080", "http://[::1]:8080", "app://x"}) {
        CHECK_MESSAGE(is_origin(good), good);
    }
    for (const std::string bad :
         {"", "*", "null", "shop.example.com", "https://", "https://shop.example.com/",
          "https://shop.example.com:443", "http://a:80", "HTTPS://a", "https://A", "https://a/b",
          "https://a b", "://a", "https://a?b", "https://a:x", "https://u@a"}) {
        CHECK_MESSAGE(!is_origin(bad), bad);
    }
}

}  // namespace
}  // namespace orders::http
