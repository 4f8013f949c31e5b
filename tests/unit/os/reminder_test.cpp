#include "shared/os/reminder.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <chrono>

#include "shared/os/wake_signal.h"

namespace orders {
namespace {

TEST_CASE("reminder: it speaks while what it watches is still there") {
    WakeSignal reminded;
    const Reminder reminder(std::chrono::milliseconds(1), [&] { reminded.notify(); });
    pollfd source{reminded.fd(), POLLIN, 0};
    CHECK(::poll(&source, 1, -1) == 1);
}

TEST_CASE("reminder: it is silent, and gone, once what it watches is over") {
    bool is_reminded = false;
    {
        const Reminder reminder(std::chrono::hours(1), [&] { is_reminded = true; });
    }
    CHECK_FALSE(is_reminded);
}

}  // namespace
}  // namespace orders
