#include "api/http/request_scanner.h"

#include <doctest/doctest.h>

#include <array>
#include <sstream>
#include <string>
#include <string_view>
#include <variant>

#include "tests/unit/http/scanned_request.h"

namespace orders::http::test {
namespace {

TEST_CASE("request_scanner: a request without a body ends with its headers") {
    const std::string bytes = "GET /orders/1?x=%20 HTTP/1.1\r\nHost: a\r\n\r\n";
    const Outcome outcome = scan(bytes + "GET /next HTTP/1.1\r\n");
    CHECK(outcome.status == 200);
    CHECK(outcome.total_bytes == bytes.size());
    CHECK(outcome.method == "GET");
    CHECK(outcome.target == "/orders/1?x=%20");
    CHECK(outcome.content_type.empty());
    CHECK(outcome.content.empty());
    CHECK(outcome.is_keep_alive);
}

TEST_CASE("request_scanner: Content-Length says where the body ends, for every method") {
    for (const std::string method : {"POST", "GET", "HEAD", "DELETE", "BREW"}) {
        CAPTURE(method);
        const std::string bytes = method +
                                  " / HTTP/1.1\r\nhost:a\r\nCONTENT-TYPE: text/plain \t\r\n"
                                  "content-length:\t5 \r\n\r\nhello";
        const Outcome outcome = scan(bytes + "GET ");
        CHECK(outcome.status == 200);
        CHECK(outcome.total_bytes == bytes.size());
        CHECK(outcome.content == "hello");
        CHECK(outcome.content_type == "text/plain");
        CHECK(status_of(bytes.substr(0, bytes.size() - 1)) == 0);
    }
}

TEST_CASE("request_scanner: a chunked body ends with its last chunk and its trailers") {
    for (const std::string body :
         {"0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
          "005;name=value;flag\r\nhello\r\n000;last\r\n\r\n",
          "5\r\nhello\r\n0\r\nDigest: abc\r\nContent-Length: 3\r\n\r\n"}) {
        CAPTURE(body);
        const std::string bytes = chunked(body);
        const Outcome outcome = scan(bytes + "0\r\n\r\n");
        CHECK(outcome.status == 200);
        CHECK(outcome.total_bytes == bytes.size());
        CHECK(outcome.content == (body.size() > 5 ? "hello" : ""));
        CHECK(status_of(bytes.substr(0, bytes.size() - 1)) == 0);
    }
    // Content that looks like the end of a body is content.
    CHECK(scan(chunked("A\r\n0\r\n\r\n\r\n0\r\n\r\n0\r\n\r\n")).content == "0\r\n\r\n\r\n0\r\n");
}

TEST_CASE("request_scanner: a request that is not all there yet is incomplete") {
    check({{"nothing", "", 0},
           {"half a request line", "GET / HT", 0},
           {"no end of headers", "GET / HTTP/1.1\r\nHost: a\r\n", 0},
           {"half of the last line end", "GET / HTTP/1.1\r\nHost: a\r\n\r", 0},
           {"body missing", post("Content-Length: 3\r\n\r\n"), 0},
           {"half a chunk", chunked("3\r\nab"), 0},
           {"half a chunk's line end", chunked("3\r\nabc\r"), 0},
           {"last chunk missing", chunked("3\r\nabc\r\n"), 0},
           {"half a trailer", chunked("0\r\nDigest: a\r\n"), 0}});
}

TEST_CASE("request_scanner: a body with two lengths, or with none that is certain, is refused") {
    check({{"both framings", post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"), 400},
           {"both, the other way", post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"),
            400},
           {"two lengths", post("Content-Length: 3\r\nContent-Length: 4\r\n\r\n"), 400},
           {"the same length twice", post("Content-Length: 3\r\nContent-Length: 3\r\n\r\n"), 400},
           {"a list", post("Content-Length: 3, 3\r\n\r\n"), 400},
           {"plus sign", post("Content-Length: +3\r\n\r\n"), 400},
           {"minus sign", post("Content-Length: -3\r\n\r\n"), 400},
           {"hexadecimal", post("Content-Length: 0x3\r\n\r\n"), 400},
           {"fraction", post("Content-Length: 3.0\r\n\r\n"), 400},
           {"blank inside", post("Content-Length: 3 3\r\n\r\n"), 400},
           {"no number", post("Content-Length:\r\n\r\n"), 400},
           {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400}});
}

TEST_CASE(
    "request_scanner: a chunk's size is a hexadecimal number, and the chunk is as long as it "
    "says") {
    check({{"no number", chunked("\r\n"), 400},
           {"no digit", chunked("x\r\n"), 400},
           {"prefix", chunked("0x3\r\nabc\r\n"), 400},
           {"sign", chunked("+3\r\nabc\r\n"), 400},
           {"minus", chunked("-1\r\n"), 400},
           {"blank before", chunked(" 3\r\nabc\r\n"), 400},
           {"blank after", chunked("3 \r\nabc\r\n"), 400},
           {"extension only", chunked(";a=b\r\n"), 400},
           {"bare line feed", chunked("3\nabc\r\n0\r\n\r\n"), 400},
           {"carriage return in it", chunked("3;a\rb\r\nabc\r\n"), 400},
           {"too long a line", chunked("3;" + std::string(300, 'a') + "\r\n"), 400},
           {"too long a line, unfinished", chunked("3;" + std::string(300, 'a')), 400},
           {"shorter than it says", chunked("4\r\nabc\r\n0\r\n\r\n"), 400},
           {"longer than it says", chunked("2\r\nabc\r\n0\r\n\r\n"), 400},
           {"bare line feed after it", chunked("3\r\nabc\n0\r\n\r\n"), 400},
           {"folded trailer", chunked("0\r\nA: b\r\n c\r\n\r\n"), 400},
           {"trailer without colon", chunked("0\r\nGET / HTTP/1.1\r\n\r\n"), 400}});
}

TEST_CASE("request_scanner: a header is one line with a name, a colon and a value") {
    check({{"folded", post("A: b\r\n c\r\n\r\n"), 400},
           {"folded with a tab", post("A: b\r\n\tc\r\n\r\n"), 400},
           {"fold first", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
           {"bare carriage return", post("A: b\rC: d\r\n\r\n"), 400},
           {"bare line feed", post("A: b\nC: d\r\n\r\n"), 400},
           {"line feeds only", "GET / HTTP/1.1\nHost: a\n\n", 400},
           {"NUL", post(std::string("A: b\0c\r\n\r\n", 10)), 400},
           {"other control character", post("A: b\x01\r\n\r\n"), 400},
           {"delete", post("A: b\x7f\r\n\r\n"), 400},
           {"blank before the colon", post("A : b\r\n\r\n"), 400},
           {"blank in the name", post("Content Length: 3\r\n\r\n"), 400},
           {"no name", post(": b\r\n\r\n"), 400},
           {"no colon", post("A\r\n\r\n"), 400},
           {"name not ASCII", post("\xc3\xa4: b\r\n\r\n"), 400},
           {"value not ASCII", post("A: \xc3\xa4\r\n\r\n"), 200},
           {"empty value", post("A:\r\n\r\n"), 200},
           {"client's own REMOTE_ADDR", post("REMOTE_ADDR: 1.2.3.4\r\n\r\n"), 200}});
}

TEST_CASE("request_scanner: the request line is a method, a target and a known version") {
    check({{"no version", "GET /\r\n\r\n", 400},
           {"method only", "GET\r\n\r\n", 400},
           {"two blanks", "GET  / HTTP/1.1\r\n", 400},
           {"blank in the target", "GET /a b HTTP/1.1\r\n", 400},
           {"blank at the end", "GET / HTTP/1.1 \r\n", 400},
           {"blank at the start", " GET / HTTP/1.1\r\n", 400},
           {"method not a token", "G(T / HTTP/1.1\r\n", 400},
           {"target not ASCII", "GET /\xc3\xa4 HTTP/1.1\r\n", 400},
           {"NUL in the target", std::string("GET /\0 HTTP/1.1\r\n", 17), 400},
           {"bare carriage return", "GET / HTTP/1.1\rHost: a\r\n", 400},
           {"lower case", "GET / http/1.1\r\n", 400},
           {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
           {"0.9", "GET / HTTP/0.9\r\n", 505},
           {"1.2", "GET / HTTP/1.2\r\n", 505},
           {"1.10", "GET / HTTP/1.10\r\n", 505},
           {"TLS hello", "\x16\x03\x01\x02\r\n", 400},
           {"one empty line before it", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 200},
           {"two empty lines before it", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400}});
}

TEST_CASE("request_scanner: HTTP/1.1 needs one Host, HTTP/1.0 none") {
    check({{"none", "GET / HTTP/1.1\r\n\r\n", 400},
           {"two", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
           {"none in 1.0", "GET / HTTP/1.0\r\n\r\n", 200},
           {"not a host", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
           {"not a host in 1.0", "GET / HTTP/1.0\r\nHost: a@b\r\n\r\n", 400},
           {"not a host beside a URL", "GET http://a/ HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
           {"an empty one", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 200},
           {"another than the URL's", "GET http://a/ HTTP/1.1\r\nHost: b:1\r\n\r\n", 200}});
}

TEST_CASE(
    "request_scanner: what is larger than the limits is refused, as soon as that is certain") {
    const std::string host = "GET / HTTP/1.1\r\nHost: a\r\n";
    const std::size_t filled = host.size() + std::string("A: \r\n\r\n").size();
    const auto line = [](std::size_t bytes) {
        return "GET /" + std::string(bytes - std::string("GET / HTTP/1.1\r\n").size(), 'a') +
               " HTTP/1.1\r\nHost: a\r\n\r\n";
    };
    check(
        {{"largest request line", line(200), 200},
         {"request line", line(201), 414},
         {"request line without an end", std::string(201, 'a'), 414},
         {"largest headers", host + "A: " + std::string(1000 - filled, 'a') + "\r\n\r\n", 200},
         {"headers", host + "A: " + std::string(1001 - filled, 'a') + "\r\n\r\n", 431},
         {"headers without an end", host + "A: " + std::string(1000, 'a'), 431},
         {"most headers", host + times(9, "A: b\r\n") + "\r\n", 200},
         {"too many headers", host + times(10, "A: b\r\n") + "\r\n", 431},
         {"largest body", post("Content-Length: 64\r\n\r\n" + std::string(64, 'a')), 200},
         {"declared body", post("Content-Length: 65\r\n\r\n"), 413},
         {"declared beyond counting", post("Content-Length: 99999999999999999999999\r\n\r\n"), 413},
         {"largest chunk", chunked("40\r\n" + std::string(64, 'a') + "\r\n0\r\n\r\n"), 200},
         {"chunk", chunked("41\r\n"), 413},
         {"chunk beyond counting", chunked("fffffffffffffffffffff\r\n"), 413},
         {"all but the largest number", chunked("ffffffffffffffff\r\n"), 413},
         {"chunks together", chunked("20\r\n" + std::string(32, 'a') + "\r\n21\r\n"), 413},
         {"sizes of many chunks", chunked(times(20, "1;" + std::string(200, 'a') + "\r\na\r\n")),
          413},
         {"trailers", chunked("0\r\nA: " + std::string(1000, 'a')), 431},
         {"too many trailers", chunked("0\r\n" + times(10, "A: b\r\n")), 431}});
}

TEST_CASE("request_scanner: a path may have a body limit of its own, for every framing") {
    const std::array others{BodyLimit{"/large", 100}, BodyLimit{"/small", 8}};
    FramingLimits with_others = limits;
    with_others.other_bodies = others;
    const auto status_of = [&](const std::string& target, const std::string& rest) {
        RequestScanner scanner(with_others);
        const auto verdict = scanner.scan("POST " + target + " HTTP/1.1\r\nHost: a\r\n" + rest);
        const auto* const error = std::get_if<FramingError>(&verdict);
        return error != nullptr ? error->status : 200;
    };
    struct Case {
        std::string target;
        std::size_t most;
    };
    for (const Case& each :
         {Case{"/large", 100}, Case{"/large?x=/small", 100}, Case{"http://a/large", 100},
          Case{"/small", 8}, Case{"/other", 64}, Case{"/large/", 64}, Case{"/lar%67e", 64}}) {
        CAPTURE(each.target);
        const auto& [target, most] = each;
        CHECK(status_of(target, "Content-Length: " + std::to_string(most) + "\r\n\r\n") == 200);
        CHECK(status_of(target, "Content-Length: " + std::to_string(most + 1) + "\r\n\r\n") == 413);
        const auto chunk = [](std::size_t bytes) {
            std::ostringstream size;
            size << std::hex << bytes;
            return "Transfer-Encoding: chunked\r\n\r\n" + size.str() + "\r\n";
        };
        CHECK(status_of(target, chunk(most)) == 200);
        CHECK(status_of(target, chunk(most + 1)) == 413);
    }
}

TEST_CASE("request_scanner: Authorization is handed on as it was sent, and counts only once") {
    const auto authorization = [](const std::string& headers) {
        const std::string bytes = post(headers + "\r\n");
        RequestScanner scanner(limits);
        const FramingVerdict verdict = scanner.scan(bytes);
        return std::string(std::get<FramedRequest>(verdict).headers.value("authorization"));
    };
    CHECK(authorization("").empty());
    CHECK(authorization("aUTHORIZATION: \tBearer  a%20b=\t\r\n") == "Bearer  a%20b=");
    check({{"two", post("Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n"), 400},
           {"twice the same", post("Authorization: a\r\nauthorization: a\r\n\r\n"), 400},
           {"an empty one first", post("Authorization:\r\nAuthorization: a\r\n\r\n"), 400},
           {"a trailer", chunked("0\r\nAuthorization: Bearer a\r\n\r\n"), 200}});
}

TEST_CASE("request_scanner: a coding of the content is noticed, and `identity` is none") {
    const auto is_encoded = [](const std::string& headers) {
        const std::string bytes = post(headers + "\r\n");
        RequestScanner scanner(limits);
        return std::get<FramedRequest>(scanner.scan(bytes)).is_encoded;
    };
    CHECK_FALSE(is_encoded(""));
    CHECK_FALSE(is_encoded("Content-Encoding:\r\n"));
    CHECK_FALSE(is_encoded("content-encoding: Identity\r\n"));
    CHECK_FALSE(is_encoded("Content-Encoding: identity, ,identity\r\nContent-Encoding: \r\n"));
    CHECK(is_encoded("Content-Encoding: gzip\r\n"));
    CHECK(is_encoded("Content-Encoding: gzip\r\nContent-Encoding: identity\r\n"));
    CHECK(is_encoded("Content-Encoding: identity, br\r\n"));
    CHECK(is_encoded("Content-Encoding: identityx\r\n"));
}

TEST_CASE("request_scanner: Content-Type may be repeated, but says one thing") {
    const std::string json = "Content-Type: application/json\r\n";
    check({{"twice the same", post(json + json + "\r\n"), 200},
           {"a comma in quotes", post("Content-Type: a/b; c=\"d\\\",e\"\r\n\r\n"), 200},
           {"two", post(json + "Content-Type: text/html\r\n\r\n"), 400},
           {"the other way", post("content-type: text/html\r\n" + json + "\r\n"), 400},
           {"with different parameters", post(json + "Content-Type: application/json;a=b\r\n\r\n"),
            400},
           {"an empty one first", post("Content-Type:\r\n" + json + "\r\n"), 400},
           {"an empty one last", post(json + "Content-Type:\r\n\r\n"), 400},
           {"a list", post("Content-Type: application/json, text/html\r\n\r\n"), 400},
           {"a list behind a parameter",
            post("Content-Type: application/json;a=b, text/html\r\n\r\n"), 400},
           {"in a trailer", chunked("0\r\nContent-Type: a\r\nContent-Type: b\r\n\r\n"), 200}});
}

TEST_CASE("request_scanner: a HEAD is known as soon as its method is, whatever else is wrong") {
    const auto is_head = [](const std::string& bytes) {
        RequestScanner scanner(limits);
        static_cast<void>(scanner.scan(bytes));
        return scanner.is_head();
    };
    CHECK_FALSE(is_head("HEAD"));
    CHECK(is_head("HEAD "));
    CHECK(is_head("\r\nHEAD "));
    CHECK(is_head("HEAD / HTTP/9.9\r\n"));
    CHECK(is_head("HEAD x HTTP/1.1\r\n"));
    CHECK(is_head("HEAD /" + std::string(300, 'a')));
    CHECK(is_head("HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"));
    CHECK_FALSE(is_head("GET /HEAD HTTP/1.1\r\nHEAD "));
    CHECK_FALSE(is_head("head / HTTP/1.1\r\n"));
}

TEST_CASE("request_scanner: version and Connection decide whether the connection stays open") {
    const auto stays_open = [](const std::string& version, const std::string& headers) {
        return scan("GET / HTTP/" + version + "\r\nHost: a\r\n" + headers + "\r\n").is_keep_alive;
    };
    CHECK(stays_open("1.1", ""));
    CHECK(stays_open("1.1", "Connection: upgrade\r\n"));
    CHECK(stays_open("1.1", "Connection: not-close, closed\r\n"));
    CHECK_FALSE(stays_open("1.1", "Connection: close\r\n"));
    CHECK_FALSE(stays_open("1.1", "connection: CLOSE\r\n"));
    CHECK_FALSE(stays_open("1.1", "Connection: keep-alive, Close \r\n"));
    CHECK_FALSE(stays_open("1.1", "Connection: keep-alive\r\nConnection: ,close\r\n"));
    CHECK_FALSE(stays_open("1.0", ""));
    CHECK(stays_open("1.0", "Connection: te,Keep-Alive\r\n"));
    CHECK_FALSE(stays_open("1.0", "Connection: keep-alive, close\r\n"));
}

TEST_CASE(
    "request_scanner: a client that waits for 100 Continue is noticed once, when its headers "
    "are in") {
    const std::string head = post("Expect: 100-Continue\r\nContent-Length: 3\r\n\r\n");
    const auto awaits_continue = [](const FramingVerdict& verdict) {
        return std::get<IncompleteRequest>(verdict).awaits_continue;
    };
    RequestScanner scanner(limits);
    CHECK_FALSE(awaits_continue(scanner.scan(std::string_view(head).substr(0, head.size() - 1))));
    CHECK(awaits_continue(scanner.scan(head)));
    CHECK_FALSE(awaits_continue(scanner.scan(head)));
    CHECK_FALSE(awaits_continue(scanner.scan(head + "a")));
    CHECK(outcome_of(scanner.scan(head + "abc")).content == "abc");

    RequestScanner with_body(limits);
    CHECK_FALSE(awaits_continue(with_body.scan(head + "a")));

    RequestScanner old(limits);
    CHECK_FALSE(awaits_continue(
        old.scan("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")));

    CHECK(status_of(post("Expect: 100-continue\r\nContent-Length: 65\r\n\r\n")) == 413);
    CHECK(status_of(post("Expect: 100-continue\r\n\r\n")) == 200);
}

TEST_CASE("request_scanner: after a restart nothing is left of the request before") {
    RequestScanner scanner(limits);
    CHECK(outcome_of(scanner.scan(chunked("3\r\nabc\r\n0\r\n\r\n"))).status == 200);
    scanner.restart();
    const Outcome next = outcome_of(scanner.scan("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(next.target == "/2");
    CHECK(next.content.empty());
}

TEST_CASE("request_scanner: bytes that come one by one are not looked at again and again") {
    // Quadratic work would take hours here.
    const FramingLimits wide{.max_header_bytes = 400'000, .max_body_bytes = 600'000};
    std::string bytes =
        post("A: " + std::string(300'000, 'a') + "\r\nTransfer-Encoding: chunked\r\n\r\n" +
             times(60'000, "1\r\na\r\n") + "0\r\n\r\n");
    RequestScanner scanner(wide);
    bool is_incomplete = true;
    for (std::size_t count = 1; count < bytes.size(); ++count) {
        const FramingVerdict verdict = scanner.scan(std::string_view(bytes).substr(0, count));
        is_incomplete = is_incomplete && std::holds_alternative<IncompleteRequest>(verdict);
    }
    CHECK(is_incomplete);
    CHECK(std::holds_alternative<FramedRequest>(scanner.scan(bytes)));
}

}  // namespace
}  // namespace orders::http::test
