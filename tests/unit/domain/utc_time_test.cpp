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

TEST_CASE("utc_time: later times within the four-digit years sort after earlier ones as text") {
    const UtcTime start(std::chrono::milliseconds(1'795'352'645'678));
    CHECK(to_rfc3339(start) < to_rfc3339(start + std::chrono::milliseconds(1)));
    CHECK(to_rfc3339(start) < to_rfc3339(start + std::chrono::hours(24 * 400)));
}

}  // namespace
}  // namespace orders
