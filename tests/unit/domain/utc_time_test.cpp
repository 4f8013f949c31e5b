#include "shared/domain/utc_time.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

namespace orders {
namespace {

TEST_CASE("utc_time: it is written as RFC 3339 in UTC with milliseconds") {
    struct Case {
        std::int64_t ms;
        std::string text;
    };
    for (const auto& [ms, text] : {
             Case{0, "1970-01-01T00:00:00.000Z"},
             Case{1, "1970-01-01T00:00:00.001Z"},
             Case{-1, "1969-12-31T23:59:59.999Z"},
             Case{951'782'399'999, "2000-02-28T23:59:59.999Z"},
             Case{951'782'400'000, "2000-02-29T00:00:00.000Z"},  // a leap day
             Case{1'795'352'645'678, "2026-11-22T13:04:05.678Z"},
             Case{2'147'483'648'000, "2038-01-19T03:14:08.000Z"},  // beyond 32 bits of seconds
             Case{4'107'542'399'050, "2100-02-28T23:59:59.050Z"},
             Case{4'107'542'400'000, "2100-03-01T00:00:00.000Z"},  // no leap year
             Case{253'402'300'799'999, "9999-12-31T23:59:59.999Z"},
             Case{-62'167'219'200'000, "0000-01-01T00:00:00.000Z"},
         }) {
        CHECK(to_rfc3339(UtcTime(std::chrono::milliseconds(ms))) == text);
    }
}

TEST_CASE("utc_time: what RFC 3339 allows is read, in any zone, to the millisecond") {
    struct Case {
        std::string text;
        std::string utc;
    };
    for (const Case& each : {
             Case{"2026-11-22T13:04:05.678Z", "2026-11-22T13:04:05.678Z"},
             Case{"2026-11-26t10:00:00z", "2026-11-26T10:00:00.000Z"},
             Case{"2026-11-26T10:00:00+05:30", "2026-11-26T04:30:00.000Z"},
             Case{"2026-11-26T10:00:00-08:00", "2026-11-26T18:00:00.000Z"},
             Case{"2026-11-26T10:00:00-00:00", "2026-11-26T10:00:00.000Z"},
             Case{"2026-11-26T10:00:00+23:59", "2026-11-25T10:01:00.000Z"},
             Case{"2026-11-26T10:00:00.1Z", "2026-11-26T10:00:00.100Z"},
             Case{"2026-11-26T10:00:00.123456789Z", "2026-11-26T10:00:00.123Z"},
             Case{"2026-11-26T10:00:00.999999999Z", "2026-11-26T10:00:00.999Z"},
             Case{"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"},
             Case{"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"},
             Case{"2016-12-31T15:59:60.5-08:00", "2017-01-01T00:00:00.500Z"},
             Case{"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"},
             Case{"1969-12-31T23:00:00-01:00", "1970-01-01T00:00:00.000Z"},
             Case{"9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999Z"},
         }) {
        CAPTURE(each.text);
        const auto time = parse_rfc3339(each.text);
        REQUIRE(time.has_value());
        CHECK(to_rfc3339(*time) == each.utc);
    }
}

TEST_CASE("utc_time: what RFC 3339 does not allow is no time") {
    using namespace std::string_literals;
    for (const std::string& text : {
             ""s,
             "2026-11-26"s,
             "10:00:00Z"s,
             "1795352645"s,
             "now"s,
             // No zone, or half of one.
             "2026-11-26T10:00:00"s,
             "2026-11-26T10:00:00+05"s,
             "2026-11-26T10:00:00+0530"s,
             "2026-11-26T10:00:00+24:00"s,
             "2026-11-26T10:00:00+05:60"s,
             "2026-11-26T10:00:00+5:30"s,
             "2026-11-26T10:00:00 Z"s,
             "2026-11-26T10:00:00UTC"s,
             "2026-11-26T10:00:00Z+01:00"s,
             "2026-11-26T10:00:00\xe2\x88\x92"
             "05:00"s,
             // Another separator, or none.
             "2026-11-26 10:00:00Z"s,
             "2026-11-26_10:00:00Z"s,
             "20261126T100000Z"s,
             "2026/11/26T10:00:00Z"s,
             // Beyond the clock.
             "2026-11-26T24:00:00Z"s,
             "2026-11-26T10:60:00Z"s,
             "2026-11-26T10:00:61Z"s,
             "2026-11-26T10:00:60Z"s,
             "2026-11-25T23:59:60Z"s,
             "2026-11-26T10:00Z"s,
             "2016-12-31T23:59:60+01:00"s,
             // Beyond the calendar.
             "2026-02-30T00:00:00Z"s,
             "2026-02-29T00:00:00Z"s,
             "2026-13-01T00:00:00Z"s,
             "2026-00-01T00:00:00Z"s,
             "2026-11-00T00:00:00Z"s,
             "2026-11-31T00:00:00Z"s,
             "2026-W48-4T10:00:00Z"s,
             "2026-330T10:00:00Z"s,
             // Before 1970 and after 9999.
             "1969-12-31T23:59:59.999Z"s,
             "1970-01-01T00:00:00+00:01"s,
             "0000-01-01T00:00:00Z"s,
             "9999-12-31T23:59:59-00:01"s,
             "9999-12-31T23:59:60Z"s,
             "10000-01-01T00:00:00Z"s,
             "+2026-11-26T10:00:00Z"s,
             "-2026-11-26T10:00:00Z"s,
             // Fractions.
             "2026-11-26T10:00:00.Z"s,
             "2026-11-26T10:00:00.1234567890Z"s,
             "2026-11-26T10:00:00,5Z"s,
             "2026-11-26T10:00:00.-5Z"s,
             "2026-11-26T10:00:00.5"s,
             // More than a time.
             " 2026-11-26T10:00:00Z"s,
             "2026-11-26T10:00:00Z "s,
             "2026-11-26T10:00:00Zz"s,
             "2026-11-26T10:00:00Z\0"s,
             "2026-11-26T1\0:00:00Z"s,
             "2026-11-26T-1:00:00Z"s,
             "2026-11-26T+1:00:00Z"s,
             "2026-11-26T1 :00:00Z"s,
         }) {
        CAPTURE(text);
        CHECK_FALSE(parse_rfc3339(text).has_value());
    }
}

TEST_CASE("utc_time: every time that is written can be read") {
    for (const std::int64_t ms :
         {0LL, 1LL, 951'782'400'000LL, 1'795'352'645'678LL, 253'402'300'799'999LL}) {
        const UtcTime time{std::chrono::milliseconds(ms)};
        CHECK(parse_rfc3339(to_rfc3339(time)) == time);
    }
}

TEST_CASE("utc_time: later times within the four-digit years sort after earlier ones as text") {
    const UtcTime start(std::chrono::milliseconds(1'795'352'645'678));
    CHECK(to_rfc3339(start) < to_rfc3339(start + std::chrono::milliseconds(1)));
    CHECK(to_rfc3339(start) < to_rfc3339(start + std::chrono::hours(24 * 400)));
}

}  // namespace
}  // namespace orders
