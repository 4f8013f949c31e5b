#pragma once

// Cuts a fuzz target's input into pieces, in a way that follows from the input: the same input is
// always cut in the same way, and is itself nothing but what a client sends.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string_view>
#include <vector>

namespace orders::test {

[[nodiscard]] inline std::uint64_t fingerprint(std::string_view bytes) {
    std::uint64_t hash = 14695981039346656037U;  // FNV-1a
    for (const char byte : bytes) {
        hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211U;
    }
    return hash;
}

// All of the input, in pieces of at least one byte: mostly a few, sometimes one for each byte.
[[nodiscard]] inline std::vector<std::string_view> pieces_of(std::string_view input) {
    constexpr std::size_t few = 2;
    std::minstd_rand random(static_cast<std::minstd_rand::result_type>(fingerprint(input)));
    const bool is_dribbled = input.size() <= 64 && random() % 8 == 0;
    const std::size_t most = is_dribbled ? 1 : input.size() / few + 1;
    std::vector<std::string_view> pieces;
    while (!input.empty()) {
        const std::size_t size = std::min<std::size_t>(input.size(), 1 + random() % (2 * most));
        pieces.push_back(input.substr(0, is_dribbled ? 1 : size));
        input.remove_prefix(pieces.back().size());
    }
    return pieces;
}

}  // namespace orders::test
