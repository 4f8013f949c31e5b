#pragma once

// Waits for a condition of a running system by looking at it again and again: the only way in which
// these tests wait for something that no log line announces. On failure it says what was seen last.

#include <chrono>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace orders::test {

// An upper bound for what takes milliseconds on an idle machine: long enough for a loaded one under
// a sanitizer. Only a broken program ever waits for it.
inline constexpr std::chrono::seconds patience{30};

// Calls `observe` until `is_wanted` says yes to what it returned, and returns that.
template <typename Observe, typename IsWanted>
auto eventually(std::chrono::milliseconds within, Observe observe, IsWanted is_wanted) {
    const auto deadline = std::chrono::steady_clock::now() + within;
    while (true) {
        auto seen = observe();
        if (is_wanted(seen)) return seen;
        if (std::chrono::steady_clock::now() > deadline) {
            std::ostringstream message;
            message << "not within " << within.count() << " ms; last seen: " << seen;
            throw std::runtime_error(message.str());
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

// Waits until the predicate holds; `is_so` returns a bool.
template <typename Predicate>
void eventually(std::chrono::milliseconds within, Predicate is_so) {
    eventually(within, is_so, [](bool so) { return so; });
}

}  // namespace orders::test
