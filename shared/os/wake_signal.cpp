#include "shared/os/wake_signal.h"

#include <sys/eventfd.h>

#include <cstdint>

namespace orders {

WakeSignal::WakeSignal()
    : event_(FileDescriptor::opened(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")) {}

void WakeSignal::notify() noexcept {
    // Fails only if 2^64 notifications wait already, and then it is notified anyway.
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(event_.get(), &one, sizeof one);
}

void WakeSignal::clear() noexcept {
    // Fails only if there is nothing to clear.
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t taken = ::read(event_.get(), &count, sizeof count);
}

}  // namespace orders
