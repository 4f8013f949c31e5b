#include "api/http/chunked_body.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <string>

namespace orders::http {
namespace {

TEST_CASE("chunked_body: a chunk's size is a hexadecimal number, perhaps with extensions") {
    for (const char* line :
         {"5", "05", "0000000000000005", "5;a", "5;a=b", "5;a;b=c;d", "5 ;a=b", "5\t ; a = b ;c",
          "5;a=\"b\"", "5;a=\"\"", "5; a = \"b;c=\\\"d\\\\\" ;e", "5;a=\"\xc3\xa4\"", "5;1=2"}) {
        CAPTURE(line);
        CHECK(chunk_size_in(line) == 5);
    }
    CHECK(chunk_size_in("1F") == 31);
    CHECK(chunk_size_in("1f") == 31);
    CHECK(chunk_size_in("ffffffffffffffffffff;a") == SIZE_MAX);
}

TEST_CASE("chunked_body: any other line has no size") {
    for (const char* line :
         {"",         " ",       "x",         ";a",         "-5",      "+5",          "0x5",
          "5x",       " 5",      "5 ",        "5\t",        "5 5",     "5;",          "5;;a",
          "5;a;",     "5;a=",    "5;=b",      "5;a=;b",     "5;a b",   "5;a=b c",     "5;a=b ",
          "5;bad[=x", "5;a=[",   "5;a=\"b",   "5;a=\"b\"c", "5;\"a\"", "5;a=\"b\\\"", "5=a",
          "5,a",      "5;a,b=c", "5;\xc3\xa4"}) {
        CAPTURE(line);
        CHECK(chunk_size_in(line) == std::nullopt);
    }
}

TEST_CASE("chunked_body: the chunks' content is put together, without sizes and trailers") {
    CHECK(joined_chunks("0\r\n\r\n").empty());
    CHECK(joined_chunks("5 ;a=\"b\"\r\nhello\r\n6\r\n, all\n\r\n000;c\r\nA: b\r\n\r\n") ==
          "hello, all\n");
}

}  // namespace
}  // namespace orders::http
