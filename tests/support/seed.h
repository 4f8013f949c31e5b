#pragma once

// Randomness that can be repeated: the seed is printed, and ORDERS_TEST_SEED sets it.

#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

namespace orders::test {

[[nodiscard]] inline std::mt19937 seeded_random() {
    const char* given = std::getenv("ORDERS_TEST_SEED");
    const auto seed = given != nullptr ? static_cast<std::mt19937::result_type>(std::stoul(given))
                                       : std::random_device{}();
    std::cout << "repeat with ORDERS_TEST_SEED=" << seed << std::endl;
    return std::mt19937(seed);
}

// A whole number from `min` to `max`.
[[nodiscard]] inline int any_of(std::mt19937& random, int min, int max) {
    return std::uniform_int_distribution<int>(min, max)(random);
}

}  // namespace orders::test
