#include "shared/domain/moment.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <string>

#include "shared/os/system_clock.h"

namespace orders {
namespace {

TEST_CASE("moment: a time is written as RFC 3339 in UTC with milliseconds") {
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

TEST_CASE("moment: later times within the four-digit years sort after earlier ones as text") {
    const UtcTime start(std::chrono::milliseconds(1'795'352'645'678));
    CHECK(to_rfc3339(start) < to_rfc3339(start + std::chrono::milliseconds(1)));
    CHECK(to_rfc3339(start) < to_rfc3339(start + std::chrono::hours(24 * 400)));
}

TEST_CASE("system_clock: it tells the wall clock's time") {
    const SystemClock clock;
    const auto before =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const Moment moment = clock.now();
    CHECK(moment.utc >= before);
    CHECK(moment.utc <= std::chrono::system_clock::now());
}

TEST_CASE("boot_clock: it never runs backwards and names the boot it counts from") {
    const SystemClock clock;
    const Moment first = clock.now();
    const Moment second = clock.now();
    CHECK(first.since_boot.count() > 0);
    CHECK(second.since_boot >= first.since_boot);
    CHECK(second.boot_id == first.boot_id);
    CHECK(SystemClock().now().boot_id == first.boot_id);

    CHECK(first.boot_id.size() == 36);  // a UUID, without the line's end
    CHECK(std::all_of(first.boot_id.begin(), first.boot_id.end(),
                      [](unsigned char c) { return std::isxdigit(c) != 0 || c == '-'; }));
}

}  // namespace
}  // namespace orders
