#pragma once

// The checksum FNV-1a with 64 bits (Fowler, Noll and Vo; IETF draft-eastlake-fnv): tells texts
// apart that differ by accident, not such that people have made to be alike.

#include <cstdint>
#include <string_view>

namespace orders {

inline constexpr std::uint64_t fnv1a_beginning = 0xcbf29ce484222325;

// Of a text that goes on after one of that checksum.
[[nodiscard]] constexpr std::uint64_t fnv1a(std::string_view text,
                                            std::uint64_t before = fnv1a_beginning) noexcept {
    for (const char c : text) {
        before = (before ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    }
    return before;
}

}  // namespace orders
