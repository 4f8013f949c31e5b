// From when on a look for times begins.

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>

#include "shared/storage/postgres/time_floor.h"

namespace orders::postgres {
namespace {

constexpr std::int64_t now = 1'800'000'000'000;
constexpr std::int64_t margin = TimeFloor::longest_transaction.count();

}  // namespace

TEST_CASE("postgres_time_floor: the first look begins at the beginning") {
    TimeFloor floor;
    CHECK(floor.begin_look() == 0);
}

TEST_CASE("postgres_time_floor: the next one goes back by as long as a transaction takes") {
    TimeFloor floor;
    (void)floor.begin_look();
    SUBCASE("if there is nothing") {
        floor.note(now, std::nullopt);
    }
    SUBCASE("if what there is lies later") {
        floor.note(now, now + 1);
    }
    CHECK(floor.begin_look() == now - margin - 1);
    CHECK(floor.after() == now - margin - 1);
}

TEST_CASE("postgres_time_floor: what was found is found again") {
    TimeFloor floor;
    (void)floor.begin_look();
    floor.note(now, now - 3'600'000);
    CHECK(floor.begin_look() < now - 3'600'000);
    floor.note(now + 1'000, now - 3'600'000);
    CHECK(floor.begin_look() < now - 3'600'000);
}

TEST_CASE("postgres_time_floor: once the clock was set back, it begins at the beginning") {
    TimeFloor floor;
    (void)floor.begin_look();
    floor.note(now, std::nullopt);
    (void)floor.begin_look();
    floor.note(now - 3'600'000, std::nullopt);
    CHECK(floor.begin_look() == 0);
    floor.note(now - 3'600'000, std::nullopt);
    CHECK(floor.begin_look() == now - 3'600'000 - margin - 1);
}

}  // namespace orders::postgres
