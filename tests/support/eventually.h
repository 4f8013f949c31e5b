#pragma once

// Waits for a condition of a running system by looking at it again and again: the only way in which
// these tests wait for something that no log line announces. A failure says what was seen last.

#include <chrono>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace orders::test {

// An upper bound for what takes milliseconds, or a few seconds, on an idle machine: long enough for
// a loaded one under a sanitizer. A test that passes must not use it up: what is expected not to
// happen needs a proof other than that it did not happen within this time.
inline constexpr std::chrono::seconds patience{30};

// Calls `observe` until `is_wanted` says yes to what it returned, and returns that. Throws if that
// does not happen in time.
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

// Waits until `is_so` returns true. Throws if it does not in time.
template <typename Predicate>
void eventually(std::chrono::milliseconds within, Predicate is_so) {
    eventually(within, is_so, [](bool so) { return so; });
}

}  // namespace orders::test
