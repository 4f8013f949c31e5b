#include "shared/os/wake_signal.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <array>
#include <chrono>
#include <thread>

#include "tests/support/eventually.h"

namespace orders {
namespace {

bool is_readable_within(int fd, std::chrono::milliseconds limit) {
    pollfd source{fd, POLLIN, 0};
    return ::poll(&source, 1, static_cast<int>(limit.count())) == 1;
}

bool is_readable(int fd) {
    return is_readable_within(fd, std::chrono::milliseconds(0));
}

TEST_CASE("wake_signal: it is readable from its first notification until it is cleared") {
    WakeSignal signal;
    CHECK_FALSE(is_readable(signal.fd()));
    signal.clear();
    CHECK_FALSE(is_readable(signal.fd()));

    signal.notify();
    signal.notify();
    CHECK(is_readable(signal.fd()));
    signal.clear();
    CHECK_FALSE(is_readable(signal.fd()));

    signal.notify();
    CHECK(is_readable(signal.fd()));
}

TEST_CASE("wake_signal: what was written before a notification is seen after the clear") {
    // The thread sanitizer is the judge here: there is no other synchronisation.
    WakeSignal signal;
    int written = 0;
    const std::jthread writer([&] {
        written = 42;
        signal.notify();
    });
    REQUIRE(is_readable_within(signal.fd(), test::patience));
    signal.clear();
    CHECK(written == 42);
}

TEST_CASE("wake_signal: no notification of many threads is lost") {
    WakeSignal signal;
    std::array<std::jthread, 4> threads;
    for (std::jthread& thread : threads) {
        thread = std::jthread([&] {
            for (int i = 0; i < 1'000; ++i) signal.notify();
        });
    }
    for (std::jthread& thread : threads) thread.join();
    CHECK(is_readable(signal.fd()));
    signal.clear();
    CHECK_FALSE(is_readable(signal.fd()));
}

}  // namespace
}  // namespace orders
