#include "shared/domain/backoff.h"

#include <doctest/doctest.h>

namespace orders::test {

using namespace std::chrono_literals;

TEST_CASE("backoff: half of the time is certain, chance decides on the other half") {
    CHECK(backoff(1, 10s, 0) == 5s);
    CHECK(backoff(1, 10s, 0.5) == 7'500ms);
    CHECK(backoff(1, 10s, 1) == 10s);
}

TEST_CASE("backoff: the time doubles with each attempt, up to an hour") {
    CHECK(backoff(2, 10s, 1) == 20s);
    CHECK(backoff(3, 10s, 1) == 40s);
    CHECK(backoff(9, 10s, 1) == 2'560s);
    CHECK(backoff(10, 10s, 1) == 1h);
    for (const int attempt : {10, 64, 100, 2'000'000'000}) {
        CAPTURE(attempt);
        CHECK(backoff(attempt, 1s, 1) <= 1h);
        CHECK(backoff(attempt, 3'600s, 0) == 30min);
        CHECK(backoff(attempt, 3'600s, 1) == 1h);
    }
}

// What an operator can rely on: 15 attempts outlast a receiver that is down for three hours.
TEST_CASE("backoff: fifteen attempts last from 3.2 to 6.4 hours in all") {
    std::chrono::milliseconds least{0};
    std::chrono::milliseconds most{0};
    for (int attempt = 1; attempt < 15; ++attempt) {
        least += backoff(attempt, 10s, 0);
        most += backoff(attempt, 10s, 1);
    }
    CHECK(most == 5'110s + 5 * 1h);
    CHECK(least == most / 2);
}

}  // namespace orders::test
