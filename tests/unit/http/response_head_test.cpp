#include "api/http/response_head.h"

#include <doctest/doctest.h>

#include <regex>
#include <string>

namespace orders::http {
namespace {

std::string without_date(const std::string& bytes) {
    static const std::regex date(
        R"(Date: (Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec))"
        R"( \d{4} \d\d:\d\d:\d\d GMT\r\n)");
    CHECK(std::regex_search(bytes, date));
    return std::regex_replace(bytes, date, "");
}

TEST_CASE("response_head: a response is its status, its headers, a Date, and its body") {
    CHECK(without_date(to_bytes({.headers = {{"X-A", "b"}}, .body = "{}"}, {.closes = false})) ==
          "HTTP/1.1 200 OK\r\n"
          "Cache-Control: no-store\r\n"
          "X-Content-Type-Options: nosniff\r\n"
          "X-A: b\r\n"
          "Content-Type: application/json; charset=utf-8\r\n"
          "Content-Length: 2\r\n"
          "\r\n"
          "{}");
}

TEST_CASE("response_head: the request's id and the origin that may read it stand in its head") {
    const RequestId id = RequestId::of(Headers("X-Request-Id: a\r\n"));
    const std::string bytes = to_bytes({}, {.request_id = id, .allowed_origin = "http://b"});
    CHECK(bytes.find("\r\nX-Request-Id: a\r\n") != std::string::npos);
    CHECK(bytes.find("\r\nAccess-Control-Allow-Origin: http://b\r\n") != std::string::npos);
    CHECK(bytes.find("\r\nVary: Origin\r\n") != std::string::npos);
    const std::string open = to_bytes({}, {.allowed_origin = "*"});
    CHECK(open.find("\r\nAccess-Control-Allow-Origin: *\r\n") != std::string::npos);
    CHECK(open.find("Vary") == std::string::npos);
    CHECK(to_bytes({}, {}).find("Access-Control") == std::string::npos);
}

TEST_CASE("response_head: one without a body has no type, one to HEAD has both but not the body") {
    const std::string empty = to_bytes({.status = 409}, {});
    CHECK(empty.find("\nContent-Type") == std::string::npos);
    CHECK(empty.find("Content-Length: 0\r\n") != std::string::npos);
    const std::string head = to_bytes({.body = "four"}, {.is_to_head = true});
    CHECK(head.find("Content-Length: 4\r\n") != std::string::npos);
    CHECK(head.ends_with("\r\n\r\n"));
}

TEST_CASE("response_head: a 204 and a 304 have no content, whatever the response holds") {
    for (const int status : {204, 304}) {
        CAPTURE(status);
        for (const std::string body : {"", "{}"}) {
            const std::string bytes =
                to_bytes({.status = status, .headers = {{"X-A", "b"}}, .body = body}, {});
            CHECK(bytes.find("\nContent-") == std::string::npos);
            CHECK(bytes.find("X-A: b\r\n") != std::string::npos);
            CHECK(bytes.find("\r\n\r\n") == bytes.size() - 4);
        }
    }
}

TEST_CASE("response_head: Connection says what differs from the version's default") {
    const auto connection = [](const ResponseForm& form) {
        const std::string bytes = to_bytes({}, form);
        if (bytes.find("Connection: close\r\n") != std::string::npos) return "close";
        return bytes.find("Connection: keep-alive\r\n") != std::string::npos ? "keep-alive" : "";
    };
    CHECK(connection({.closes = false}) == std::string(""));
    CHECK(connection({.closes = true}) == std::string("close"));
    CHECK(connection({.is_http_1_0 = true, .closes = false}) == std::string("keep-alive"));
    CHECK(connection({.is_http_1_0 = true, .closes = true}) == std::string("close"));
}

TEST_CASE("response_head: a 503 says when to try again, and a header of the response's own stays") {
    CHECK(to_bytes({.status = 503}, {}).find("Retry-After: 1\r\n") != std::string::npos);
    const std::string own =
        to_bytes({.status = 503, .headers = {{"retry-after", "9"}, {"cache-control", "a"}}}, {});
    CHECK(own.find("Retry-After") == std::string::npos);
    CHECK(own.find("Cache-Control") == std::string::npos);
}

TEST_CASE("response_head: pieces of a body are chunks, the empty one is the last") {
    CHECK(to_chunk(std::string(26, 'a'), {}) == "1a\r\n" + std::string(26, 'a') + "\r\n");
    CHECK(to_chunk("", {}) == "0\r\n\r\n");
    CHECK(to_chunk("plain", {.is_http_1_0 = true}) == "plain");
    CHECK(to_chunk("", {.is_http_1_0 = true}).empty());
    CHECK(without_date(stream_head({.content_type = "text/plain"}, {.closes = false}))
              .ends_with("Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"));
}

}  // namespace
}  // namespace orders::http
