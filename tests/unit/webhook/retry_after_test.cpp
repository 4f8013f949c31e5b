#include "worker/processors/webhook/retry_after.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "shared/domain/backoff.h"

namespace orders::test {

using namespace std::chrono_literals;

namespace {

// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
constexpr UtcTime example =
    std::chrono::sys_days(std::chrono::year(1994) / 11 / 6) + 8h + 49min + 37s;

}  // namespace

TEST_CASE("retry_after: a number is seconds") {
    CHECK(parse_retry_after("0", example) == 0ms);
    CHECK(parse_retry_after("120", example) == 120s);
    CHECK(parse_retry_after("00120", example) == 120s);
}

TEST_CASE("retry_after: a date, in each of the forms of HTTP, is as long as until then") {
    for (const char* date : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                             "Sun Nov  6 08:49:37 1994"}) {
        CAPTURE(date);
        CHECK(parse_retry_after(date, example - 90s) == 90s);
        CHECK(parse_retry_after(date, example - 90'500ms) == 90'500ms);
    }
}

TEST_CASE("retry_after: a date that has passed is no wait") {
    CHECK(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", example + 1s) == 0ms);
}

TEST_CASE("retry_after: nothing is longer than what may be asked for") {
    CHECK(parse_retry_after("86401", example) == longest_asked_wait);
    CHECK(parse_retry_after("9223372036854775808", example) == longest_asked_wait);
    CHECK(parse_retry_after(std::string(5'000, '9'), example) == longest_asked_wait);
    CHECK(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", example) == longest_asked_wait);
}

TEST_CASE("retry_after: anything else asks for nothing") {
    for (const char* text : {"", " ", "-1", "+5", "1.5", "5s", "soon", "120 seconds", "0x10",
                             "Sun, 99 Nov 1994 08:49:37 GMT"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_retry_after(text, example));
    }
}

}  // namespace orders::test
