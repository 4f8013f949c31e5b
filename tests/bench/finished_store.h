#pragma once

// A store that has been in use for long: millions of finished orders with random ids, in the random
// order in which such ids come, so that its index is filled as it would be. Made by SQL, because
// living through them would take hours.

#include <cstdint>
#include <string>

namespace orders::bench {

// There is no store yet at the location.
void make_finished_store(const std::string& location, std::int64_t orders);

}  // namespace orders::bench
