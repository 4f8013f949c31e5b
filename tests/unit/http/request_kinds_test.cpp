// The kinds of requests that the public test suites of HTTP parsers (llhttp and http-parser,
// gunicorn, h11) consist of, each with what becomes of it here. Where parsers differ, ours takes
// the strict side.

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/http/scanned_request.h"

namespace orders::http::test {
namespace {

std::string get(const std::string& target) {
    return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

std::string with_line(const std::string& request_line) {
    return request_line + "\r\nHost: a\r\n\r\n";
}

TEST_CASE("request_kinds: request lines") {
    check({{"every method is a token", with_line("M-SEARCH /a HTTP/1.1"), 200},
           {"a method of odd characters", with_line("$%&'*+-.^_`|~! /a HTTP/1.1"), 200},
           {"a method in lower case", with_line("get /a HTTP/1.1"), 200},
           {"a method with a bracket", with_line("GET[ /a HTTP/1.1"), 400},
           {"a method with a colon", with_line("GE:T /a HTTP/1.1"), 400},
           {"a method that is not ASCII", with_line("G\xc3\x89T /a HTTP/1.1"), 400},
           {"no method", with_line("/a HTTP/1.1"), 400},
           {"no target", with_line("GET HTTP/1.1"), 400},
           {"an empty target", with_line("GET  HTTP/1.1"), 400},
           {"no version", with_line("GET /a"), 400},
           {"a tab for a blank", with_line("GET\t/a HTTP/1.1"), 400},
           {"two blanks before the version", with_line("GET /a  HTTP/1.1"), 400},
           {"another protocol", with_line("GET /a ICY/1.1"), 400},
           {"another protocol of similar name", with_line("GET /a HTTPS/1.1"), 400},
           {"a slash missing", with_line("GET /a HTTP1.1"), 400},
           {"a major version of two digits", with_line("GET /a HTTP/11.1"), 505},
           {"a minor version of two digits", with_line("GET /a HTTP/1.01"), 505},
           {"a leading zero", with_line("GET /a HTTP/01.1"), 505},
           {"a version without a dot", with_line("GET /a HTTP/1"), 505},
           {"a sign in the version", with_line("GET /a HTTP/+1.1"), 505},
           {"a version that is not ASCII", with_line("GET /a HTTP/1.\xef\xbc\x91"), 505},
           {"a version of the future", with_line("GET /a HTTP/5.6"), 505},
           {"a line end of some old client first", "\r\n" + get("/a"), 200},
           {"a bare line feed first", "\n" + get("/a"), 400},
           {"a blank first", " " + get("/a"), 400},
           {"a proxy's own preface", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" + get("/a"), 400}});
}

TEST_CASE("request_kinds: targets") {
    check({{"a query with a question mark", get("/a?b?c"), 200},
           {"an empty query", get("/a?"), 200},
           {"quotes, as browsers send them", get("/with_\"quotes\"?a=\"b\""), 200},
           {"two slashes", get("//a"), 200},
           {"a fragment", get("/a?b=1#c"), 400},
           {"not ASCII", get("/\xce\xb4"), 400},
           {"a path without its slash", get("a/b"), 400},
           {"an asterisk", get("*"), 400},
           {"an asterisk with OPTIONS", with_line("OPTIONS * HTTP/1.1"), 200},
           {"a URL without a path", get("http://a"), 200},
           {"a URL with a query only", get("http://a?b"), 200},
           {"a URL with a port and a query only", get("http://a:1234?b"), 200},
           {"a URL with an address", get("http://[2001:db8::1]:80/a"), 200},
           {"a URL of capital letters", get("HTTP://A/b"), 200},
           {"a URL with a user", get("http://a%12:b!&*$@c:1234/d"), 400},
           {"a URL without a host", get("http:///a"), 400},
           {"a URL with nothing", get("http://"), 400},
           {"a URL with a broken port", get("http://a:b/c"), 400},
           {"a URL with two hosts", get("http://a@b@c/d"), 400},
           {"a URL of another scheme", get("https://a/b"), 400},
           {"a host and a port", get("a:443"), 400},
           {"a tunnel", with_line("CONNECT a_b.c:443 HTTP/1.0"), 200},
           {"a tunnel to an address", with_line("CONNECT [::1]:443 HTTP/1.1"), 200},
           {"a tunnel without a port", with_line("CONNECT a HTTP/1.1"), 400},
           {"a tunnel to a path", with_line("CONNECT /a HTTP/1.1"), 400}});
}

TEST_CASE("request_kinds: headers") {
    check(
        {{"a name of many letters", post(std::string(80, 'a') + ":++++\r\n\r\n"), 200},
         {"a name of odd characters", post("!#$%&'*+-.^_`|~: a\r\n\r\n"), 200},
         {"a name with an underscore", post("Content_Length: 5\r\n\r\n"), 200},
         {"a name with a bracket", post("A(b): c\r\n\r\n"), 400},
         {"a name with an at sign", post("Fo@: a\r\n\r\n"), 400},
         {"a name with a control character", post("A\x01\\test: b\r\n\r\n"), 400},
         {"a name with a tab", post("A\tb: c\r\n\r\n"), 400},
         {"a name that is not ASCII", post("H\xc3\xb6st: a\r\n\r\n"), 400},
         {"a value that is not ASCII", post("A: \xff\xc3\xb6\r\n\r\n"), 200},
         {"a value with many blanks", post("A:   b   c\t \r\n\r\n"), 200},
         {"a value with a form feed", post("A: b\fc\r\n\r\n"), 400},
         {"a value with an escape", post("A: \x1b[1m\r\n\r\n"), 400},
         {"a folded value", post("A: b\r\n  c\r\n\r\n"), 400},
         {"a fold of blanks only", post("A: b\r\n \r\n\r\n"), 400},
         {"two carriage returns at the end", post("A: b\r\r\n\r\n"), 400},
         {"a carriage return for a line end", post("A: b\rC: d\r\n\r\n"), 400},
         {"a line feed before the carriage return", post("A: b\n\r\n\r\n"), 400},
         {"an upgrade that nobody takes", post("Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"), 200},
         {"several words in Connection", post("Connection: a, keep-alive ,b\r\n\r\n"), 200},
         {"an expectation of something else", post("Expect: miracles\r\n\r\n"), 200},
         {"a client's word for where it comes from", post("X-Forwarded-Proto: https\r\n\r\n"),
          200}});
}

TEST_CASE("request_kinds: hosts") {
    const auto host = [](const std::string& value) {
        return "GET / HTTP/1.1\r\nHost:" + value + "\r\n\r\n";
    };
    check({{"empty", host(""), 200},
           {"a name and a port", host(" a.example:8080\t"), 200},
           {"an underscore", host(" a_b"), 200},
           {"an address", host(" [::1]:80"), 200},
           {"a blank inside", host(" a b"), 400},
           {"a user", host(" a@b"), 400},
           {"a path", host(" localhost:8080/path"), 400},
           {"two in one", host(" a, b.example"), 400},
           {"a URL", host(" http://a"), 400},
           {"a backslash", host(" a\\b"), 400},
           {"an address without brackets", host(" ::1"), 400},
           {"a port of letters", host(" a:http"), 400},
           {"not ASCII", host(" \xc3\xa4"), 400},
           {"a second one", host(" a\r\nhOST: b"), 400}});
}

TEST_CASE("request_kinds: lengths") {
    const auto length = [](const std::string& value) {
        return post("Content-Length:" + value + "\r\n\r\nhello");
    };
    check({{"zero", length("0"), 200},
           {"leading zeros", length(" 0000005"), 200},
           {"on a GET, in odd letters",
            "GET / HTTP/1.1\r\nHost: a\r\nconTENT-Length: 5\r\n\r\nHELLO", 200},
           {"negative zero", length(" -0"), 400},
           {"an underscore", length(" 0_5"), 400},
           {"a letter behind", length(" 5b"), 400},
           {"digits with a blank between", length(" 4 2"), 400},
           {"digits that are not ASCII", length(" \xc2\xb9"), 400},
           {"blanks only", length("  "), 400},
           {"blank before the colon", post("Content-Length : 5\r\n\r\nhello"), 400},
           {"twice", length(" 5\r\nContent-Length: 5"), 400},
           {"different ones", length(" 5\r\nContent-Length: 6"), 400},
           {"a list of equal ones", length(" 5, 5"), 400},
           {"beside chunks", length(" 5\r\nTransfer-Encoding: chunked"), 400}});
}

TEST_CASE("request_kinds: transfer codings are one list, however many headers it has") {
    const auto coded = [](const std::string& headers) { return post(headers + "\r\n0\r\n\r\n"); };
    check(
        {{"chunked", coded("tRANSFER-eNCODING:\tChunked \r\n"), 200},
         // Where the body ends is known, but not what it means.
         {"coding before", coded("Transfer-Encoding: gzip, chunked\r\n"), 501},
         {"coding before, in a header of its own",
          coded("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), 501},
         {"coding with a parameter before", coded("Transfer-Encoding: x;y=\"z\",chunked\r\n"), 501},
         // Where the body ends is not known.
         {"not chunked", coded("Transfer-Encoding: gzip\r\n"), 400},
         {"not chunked, but spelled similarly", coded("Transfer-Encoding: xchunked\r\n"), 400},
         {"identity", coded("Transfer-Encoding: identity\r\n"), 400},
         {"chunked not last", coded("Transfer-Encoding: chunked, gzip\r\n"), 400},
         {"chunked not last, in a header of its own",
          coded("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n"), 400},
         {"chunked before identity", coded("Transfer-Encoding: chunked, identity\r\n"), 400},
         {"chunked with a parameter", coded("Transfer-Encoding: chunked;a=b\r\n"), 400},
         {"chunked twice", coded("Transfer-Encoding: chunked, chunked\r\n"), 400},
         {"chunked twice, in headers of their own",
          coded("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
         {"none", coded("Transfer-Encoding:\r\n"), 400},
         {"none before", coded("Transfer-Encoding: ,chunked\r\n"), 400},
         {"none before, in a header of its own",
          coded("Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n"), 400},
         {"none behind", coded("Transfer-Encoding: chunked,\r\n"), 400},
         {"in quotes", coded("Transfer-Encoding: \"chunked\"\r\n"), 400},
         {"behind a quote", coded("Transfer-Encoding: x;y=\"z, chunked\"\r\n"), 400},
         {"vertical tab", coded("Transfer-Encoding: \vchunked\r\n"), 400}});
}

TEST_CASE("request_kinds: chunks") {
    check({{"trailers", chunked("5\r\nhello\r\n0\r\nA: *\r\nContent-Type: b\r\n\r\n"), 200},
           {"extensions", chunked("5; a;b=c;d=\"e f\"\r\nhello\r\n0\r\n\r\n"), 200},
           {"blanks before an extension", chunked("5 ;a=b\r\nhello\r\n0 ; c\r\n\r\n"), 200},
           {"a quoted extension that does not end", chunked("5;a=\"b\r\nhello\r\n0\r\n\r\n"), 400},
           {"a name with a bracket", chunked("5;bad[=x\r\nhello\r\n0\r\n\r\n"), 400},
           {"an extension without a name", chunked("2;\r\naa\r\n0\r\n\r\n"), 400},
           {"a word behind the size", chunked("2 erfr\r\naa\r\n0\r\n\r\n"), 400},
           {"an underscore in the size", chunked("0_5\r\nhello\r\n0\r\n\r\n"), 400},
           {"blanks behind the size", chunked("5   \r\nhello\r\n0\r\n\r\n"), 400},
           {"blanks before the size", chunked("  5\r\nhello\r\n0\r\n\r\n"), 400},
           {"a negative size", chunked("-a\r\nhello\r\n0\r\n\r\n"), 400},
           {"no line end behind the chunk", chunked("5\r\nhello0\r\n\r\n"), 400},
           {"bytes behind the chunk", chunked("5\r\nhello \r\n0\r\n\r\n"), 400},
           {"a bare line feed in an extension", chunked("5;a\nhello\r\n0\r\n\r\n"), 400},
           {"a broken last size", chunked("5\r\nhello\r\n0x0\r\n\r\n"), 400}});
}

}  // namespace
}  // namespace orders::http::test
