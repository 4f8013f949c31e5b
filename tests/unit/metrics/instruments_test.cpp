#include "shared/metrics/instruments.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <thread>
#include <vector>

namespace orders::test {

TEST_CASE("instruments: a value belongs to the first bucket whose bound is not below it") {
    static constexpr std::array bounds{1., 2., 5.};
    Histogram histogram(bounds);
    histogram.observe(0);
    histogram.observe(1);
    histogram.observe(1.5, 3);
    histogram.observe(5);
    histogram.observe(5.1);
    const Distribution seen = histogram.seen();
    CHECK(seen.buckets == std::vector<std::uint64_t>{2, 3, 1, 1});
    CHECK(seen.sum == doctest::Approx(15.6));
}

TEST_CASE("instruments: nothing is lost that several threads count at once") {
    static constexpr std::array bounds{1.};
    constexpr int times = 20'000;
    Histogram histogram(bounds);
    Counter counter;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                for (int n = 0; n < times; ++n) {
                    histogram.observe(2);
                    counter.add();
                }
            });
        }
    }
    CHECK(counter.value() == 4 * times);
    CHECK(histogram.seen().buckets == std::vector<std::uint64_t>{0, 4 * times});
    CHECK(histogram.seen().sum == 2. * 4 * times);
}

TEST_CASE("instruments: distributions add up, whichever has more buckets") {
    Distribution all;
    all += {.buckets = {1, 2}, .sum = 3};
    all += {.buckets = {1}, .sum = 0.5};
    CHECK(all.buckets == std::vector<std::uint64_t>{2, 2});
    CHECK(all.sum == 3.5);
}

}  // namespace orders::test
