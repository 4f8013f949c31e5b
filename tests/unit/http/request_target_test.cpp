#include "api/http/request_target.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace orders::http {
namespace {

using namespace std::string_view_literals;

bool is_target(std::string_view target, std::string_view method = "GET") {
    const auto fault = fault_of_target(method, target);
    if (fault) CHECK(fault->ends_with('.'));
    return !fault;
}

TEST_CASE("request_target: a host is a name or an address, perhaps with a port") {
    for (const auto host : {""sv,
                            ":"sv,
                            ":80"sv,
                            "a"sv,
                            "a:"sv,
                            "a:80"sv,
                            "A-b_c.example."sv,
                            "a,b"sv,
                            "127.0.0.1"sv,
                            "127.0.0.1:8080"sv,
                            "a:00000000000000000080"sv,
                            "%41"sv,
                            "%c3%A4.example"sv,
                            "!$&'()*+,;=~"sv,
                            "[::]"sv,
                            "[::1]:8080"sv,
                            "[2001:DB8::192.0.2.1]"sv,
                            "[1:2:3:4:5:6:7:8]:"sv,
                            "[v1.a:b]"sv,
                            "[VF.~]:1"sv}) {
        CAPTURE(host);
        CHECK(is_host(host));
    }
    for (const auto host : {"a b"sv,
                            "a, b"sv,
                            "a\tb"sv,
                            "a@b"sv,
                            "u:p@b"sv,
                            "a/"sv,
                            "a:80/b"sv,
                            "a?b"sv,
                            "a#b"sv,
                            "a\\b"sv,
                            "<a>"sv,
                            "a|b"sv,
                            "\"a\""sv,
                            "{a}"sv,
                            "a`"sv,
                            "a^"sv,
                            "\xc3\xa4"sv,
                            "a%"sv,
                            "a%4"sv,
                            "a%4g"sv,
                            "a%u0061"sv,
                            "a:b"sv,
                            "a:80:80"sv,
                            "a:-1"sv,
                            "a:+1"sv,
                            "a:8 0"sv,
                            "::1"sv,
                            "["sv,
                            "]"sv,
                            "[]"sv,
                            "[::1"sv,
                            "::1]"sv,
                            "[::1]a"sv,
                            "[::1]80"sv,
                            "[::1]:a"sv,
                            "[::g]"sv,
                            "[:::]"sv,
                            "[1:2:3:4:5:6:7:8:9]"sv,
                            "[::1%25eth0]"sv,
                            "[127.0.0.1]"sv,
                            "[a]"sv,
                            "[v.a]"sv,
                            "[v1.]"sv,
                            "[v1a]"sv,
                            "[vg.a]"sv,
                            "[v1.a/b]"sv,
                            "[[::1]]"sv,
                            "a[::1]"sv,
                            "http://a"sv,
                            "[::1\0]"sv,
                            "a\0"sv}) {
        CAPTURE(host);
        CHECK_FALSE(is_host(host));
    }
    CHECK_FALSE(is_host("[" + std::string(10'000, ':') + "]"));
}

TEST_CASE("request_target: a target is a path, or the same as an http:// URL with a host") {
    for (const char* target : {"/", "//", "/a?b", "/?", "/a?b?c=/d", "/*", "/%41%c3%a4?%2f",
                               "/a|b\"<c>\\{}^`?[d]", "http://a", "http://a/", "http://a?b",
                               "HTTP://a/b", "hTTp://A:80/b?c", "http://[::1]:1/", "http://a:/"}) {
        CAPTURE(target);
        CHECK(is_target(target));
        CHECK(is_target(target, "POST"));
        CHECK(is_target(target, "OPTIONS"));
        CHECK(is_target(target, "BREW"));
    }
    for (const char* target : {"*",
                               "a",
                               "foo/bar",
                               "?a",
                               "*/a",
                               "example.com:443",
                               "127.0.0.1:80",
                               "https://a/b",
                               "ftp://a/b",
                               "http:",
                               "http:/",
                               "http://",
                               "http:///a",
                               "http://?a",
                               "http://:80/a",
                               "http:a",
                               "http:/a",
                               "http//a",
                               "http://a@b/",
                               "http://a:b/",
                               "http://a b/",
                               "http://[a]/",
                               "http://a%/",
                               "://a/b",
                               "\\a"}) {
        CAPTURE(target);
        CHECK_FALSE(is_target(target));
        CHECK_FALSE(is_target(target, "POST"));
        CHECK_FALSE(is_target(target, "BREW"));
    }
}

TEST_CASE("request_target: a target has no fragment, and no percent sign without two digits") {
    for (const auto target :
         {"/#"sv,    "/a#b"sv, "/a?b#c"sv, "http://a#b"sv, "/%"sv,      "/%a"sv,         "/%4"sv,
          "/%4g"sv,  "/%g4"sv, "/%%41"sv,  "/%u0061pi"sv,  "/%U0061"sv, "/a?b=%u0061"sv, "/a?b=%"sv,
          "/a?%4"sv, "/a b"sv, "/a\tb"sv,  "/\xc3\xa4"sv,  "/a\x7f"sv,  "/a\0"sv}) {
        CAPTURE(target);
        for (const char* method : {"GET", "POST", "OPTIONS", "BREW"}) {
            CHECK_FALSE(is_target(target, method));
        }
    }
}

TEST_CASE("request_target: an asterisk is for OPTIONS only, a host and port for CONNECT only") {
    CHECK(is_target("*", "OPTIONS"));
    for (const char* method : {"GET", "HEAD", "TRACE", "PRI", "CONNECT", "options"}) {
        CAPTURE(method);
        CHECK_FALSE(is_target("*", method));
    }
    CHECK_FALSE(is_target("a:80", "OPTIONS"));
    for (const char* target : {"a:80", "[::1]:443", "a:65535"}) {
        CAPTURE(target);
        CHECK(is_target(target, "CONNECT"));
    }
    for (const char* target : {"/", "a", "a:", ":80", "a:0", "a:65536", "a:80/", "http://a:80/"}) {
        CAPTURE(target);
        CHECK_FALSE(is_target(target, "CONNECT"));
    }
}

TEST_CASE("request_target: the path of a URL is the same as without the host") {
    for (const char* target : {"/a/b", "/a/b?c/d", "http://h/a/b", "HTTP://h:1/a/b?c=http://i/j"}) {
        CAPTURE(target);
        CHECK(path_of(target) == "/a/b");
    }
    CHECK(path_of("http://h") == "/");
    CHECK(path_of("http://h?a/b") == "/");
    CHECK(path_of("//h/a") == "//h/a");
    CHECK(path_of("/http://h/a") == "/http://h/a");
    CHECK(path_of("*") == "*");
}

TEST_CASE("request_target: a star, or a URL with neither path nor query, is the whole server") {
    for (const char* target : {"*", "http://h", "HTTP://h:80"}) {
        CAPTURE(target);
        CHECK(is_whole_server(target));
    }
    for (const char* target : {"/", "/*", "http://h/", "http://h?", "http://h?a", "//h"}) {
        CAPTURE(target);
        CHECK_FALSE(is_whole_server(target));
    }
}

}  // namespace
}  // namespace orders::http
