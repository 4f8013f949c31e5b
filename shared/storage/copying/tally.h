#pragma once

// What a store has, in a few numbers, by which two ends of a copy are compared: how many orders of
// each status, kind and priority there are, and a checksum of all that each of them has.

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "shared/storage/copy_end.h"

namespace orders {

struct Tally {
    using Key = std::array<std::int64_t, 3>;  // status, kind, priority
    std::map<Key, std::int64_t> orders;
    std::uint64_t checksum = 0;
};

// Reads all of it, in memory that does not grow with it, and calls `progress` with how many orders
// it has read, every now and then. Throws StoreError.
[[nodiscard]] Tally tally_of(CopyEnd& end, const std::function<void(std::int64_t)>& progress);

// Where they differ first, as the end of a sentence about the target; empty if nowhere.
[[nodiscard]] std::optional<std::string> difference(const Tally& source, const Tally& target);

}  // namespace orders
