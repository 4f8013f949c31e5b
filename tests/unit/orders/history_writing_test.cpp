// The history as JSON: columns, gaps, and points that stand for several samples.

#include "api/orders/history_writing.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace orders::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr std::int64_t newest = 179'535'264;  // 2026-11-22T13:04:00Z

UtcTime time_of(std::int64_t number) {
    return UtcTime(number * sample_interval);
}

Sample sample(std::int64_t number, std::int64_t created) {
    Sample sample{.number = number};
    sample.created = created;
    return sample;
}

json written(const SampleHistory& history, std::chrono::minutes time) {
    return json::parse(to_json(history, time));
}

}  // namespace

TEST_CASE("history_writing: a point has what came since the one before, and how it stood then") {
    Sample before = sample(newest - 1, 100);
    Sample now = sample(newest, 142);
    before.processed = 80;
    now.processed = 81;
    now.failed = 1;
    now.cancelled = 2;
    now.pending_high = 3;
    now.pending_normal = 4;
    now.processing = 5;
    now.oldest_high = 1'500ms;
    const json history =
        written({.taken_at = time_of(newest) + 3s, .samples = {before, now}}, 1min);
    CHECK(history.at("interval_seconds") == 10);
    CHECK(history.at("first_at") == "2026-11-22T13:03:10.000Z");
    const json nothing;
    CHECK(history.at("created") == json{nothing, nothing, nothing, nothing, nothing, 42});
    CHECK(history.at("processed").back() == 1);
    CHECK(history.at("failed").back() == 1);
    CHECK(history.at("cancelled").back() == 2);
    CHECK(history.at("pending_high") == json{nothing, nothing, nothing, nothing, 0, 3});
    CHECK(history.at("pending_normal").back() == 4);
    CHECK(history.at("processing").back() == 5);
    CHECK(history.at("oldest_high_seconds").back() == 1.5);
    CHECK(history.at("oldest_normal_seconds").back() == 0.0);
    CHECK(history.size() == 11);
}

TEST_CASE("history_writing: what is missing is null, and so is what came behind a gap") {
    const json history = written({.taken_at = time_of(newest),
                                  .samples = {sample(newest - 6, 1), sample(newest - 5, 2),
                                              sample(newest - 2, 9), sample(newest, 10)}},
                                 1min);
    const json nothing;
    CHECK(history.at("created") == json{1, nothing, nothing, nothing, nothing, nothing});
    CHECK(history.at("processing") == json{0, nothing, nothing, 0, nothing, 0});
    const json none = written({.taken_at = time_of(newest), .samples = {}}, 1min);
    CHECK(none.at("created") == json(std::vector<json>(6, nothing)));
}

TEST_CASE("history_writing: the sample of now that is still to be taken is no gap") {
    const std::vector<Sample> samples{sample(newest - 1, 1)};
    const json history = written({.taken_at = time_of(newest) + 100ms, .samples = samples}, 1min);
    CHECK(history.at("processing").back() == 0);
    CHECK(history.at("first_at") == "2026-11-22T13:03:00.000Z");
    // But it does not stay so.
    const json later = written({.taken_at = time_of(newest + 1), .samples = samples}, 1min);
    CHECK(later.at("processing").back().is_null());
}

TEST_CASE("history_writing: a day is 1440 points, which lose neither orders nor peaks") {
    std::vector<Sample> samples;
    const std::int64_t count = samples_for(1'440min);
    for (std::int64_t number = newest - count + 1; number <= newest; ++number) {
        samples.push_back(sample(number, 7 * number));
    }
    samples[samples.size() - 4].processing = 99;
    const json day = written({.taken_at = time_of(newest) + 5s, .samples = samples}, 1'440min);
    CHECK(day.at("interval_seconds") == 60);
    REQUIRE(day.at("created").size() == 1'440);
    for (const json& created : day["created"]) CHECK(created == 42);
    CHECK(day.at("processing").back() == 99);
    // A point that is half known stands for all of its time.
    for (int i = 1; i <= 3; ++i) samples.erase(samples.end() - 2);
    CHECK(written({.taken_at = time_of(newest) + 5s, .samples = samples}, 1'440min)
              .at("created")
              .back() == 42);
}

TEST_CASE("history_writing: a total that went back is no negative number") {
    const json history = written(
        {.taken_at = time_of(newest), .samples = {sample(newest - 1, 9), sample(newest, 5)}}, 1min);
    CHECK(history.at("created").back() == 0);
}

TEST_CASE("history_writing: minutes are a whole number from 1 to 1440, given once") {
    using Query = std::vector<std::pair<std::string, std::string>>;
    CHECK(std::get<0>(parse_minutes({})) == 60min);
    CHECK(std::get<0>(parse_minutes({{"minutes", ""}, {"other", "x"}})) == 60min);
    CHECK(std::get<0>(parse_minutes({{"minutes", "1440"}})) == 1'440min);
    for (const char* wrong : {"0", "1441", "-1", "1.5", "x"}) {
        CHECK(std::get<1>(parse_minutes({{"minutes", wrong}})).at(0).field == "minutes");
    }
    CHECK(std::get<1>(parse_minutes(Query{{"minutes", "1"}, {"minutes", "1"}})).size() == 1);
}

}  // namespace orders::test
