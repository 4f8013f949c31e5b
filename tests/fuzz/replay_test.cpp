// The short form of fuzzing, for every build and compiler: the fuzz target gets each file of its
// corpus, and then thousands of inputs that are made from them at random. A target that is not
// content ends the program.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "tests/support/file_contents.h"
#include "tests/support/seed.h"

// The name is libFuzzer's.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace orders::test {
namespace {

constexpr int mutations = ORDERS_FUZZ_MUTATIONS;

std::vector<std::string> corpus() {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(ORDERS_FUZZ_CORPUS)) {
        paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());  // so that a seed means the same everywhere
    std::vector<std::string> inputs;
    for (const auto& path : paths) inputs.push_back(contents_of(path));
    return inputs;
}

void run(const std::string& input) {
    // Exactly as long as it is, and without the NUL that a string has behind it.
    const std::vector<std::uint8_t> bytes(input.begin(), input.end());
    CHECK_EQ(LLVMFuzzerTestOneInput(bytes.data(), bytes.size()), 0);
}

std::size_t place_in(const std::string& text, std::mt19937& random) {
    return std::uniform_int_distribution<std::size_t>(0, text.size())(random);
}

// Part of one input takes the place of a part of another, or a byte changes.
std::string mutated(std::string input, const std::vector<std::string>& inputs,
                    std::mt19937& random) {
    for (int left = any_of(random, 1, 3); left > 0; --left) {
        const std::string& other =
            inputs.at(std::uniform_int_distribution<std::size_t>(0, inputs.size() - 1)(random));
        const auto length = static_cast<std::size_t>(any_of(random, 0, 40));
        const std::size_t at = place_in(input, random);
        if (any_of(random, 0, 2) == 0 && at < input.size()) {
            input[at] = static_cast<char>(any_of(random, 0, 255));
        } else {
            input.replace(at, static_cast<std::size_t>(any_of(random, 0, 20)),
                          other.substr(place_in(other, random), length));
        }
    }
    return input;
}

}  // namespace

TEST_CASE("replay: the corpus passes") {
    const std::vector<std::string> inputs = corpus();
    REQUIRE_GT(inputs.size(), 20);
    for (const std::string& input : inputs) run(input);
    run("");
}

TEST_CASE("replay: what is made from the corpus at random passes") {
    auto random = seeded_random();
    const std::vector<std::string> inputs = corpus();
    for (int i = 0; i < mutations; ++i) {
        run(mutated(inputs.at(static_cast<std::size_t>(i) % inputs.size()), inputs, random));
    }
}

}  // namespace orders::test
