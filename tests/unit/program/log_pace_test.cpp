#include "shared/log/log_pace.h"

#include <doctest/doctest.h>

#include <chrono>
#include <optional>

namespace orders::log {

using namespace std::chrono_literals;

TEST_CASE("log_pace: the first is logged at once, and what follows together, after a while") {
    LogPace pace;
    const SteadyTime start = std::chrono::steady_clock::now();
    pace.count();
    CHECK(pace.take_due(start) == 1);
    for (int i = 0; i < 40; ++i) {
        pace.count();
        CHECK(pace.take_due(start + i * 249ms) == std::nullopt);
    }
    pace.count(2);
    CHECK(pace.take_due(start + LogPace::interval) == 42);
    CHECK(pace.take_due(start + 2 * LogPace::interval) == std::nullopt);  // nothing came
}

TEST_CASE("log_pace: what comes after a long silence is logged at once") {
    LogPace pace;
    const SteadyTime start = std::chrono::steady_clock::now();
    CHECK(pace.take_due(start) == std::nullopt);
    pace.count();
    CHECK(pace.take_due(start) == 1);
    pace.count(3);
    CHECK(pace.take_due(start + 3 * LogPace::interval) == 3);
}

}  // namespace orders::log
