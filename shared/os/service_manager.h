#pragma once

// Tells the service manager that started this program how it goes: systemd, if the unit is of
// `Type=notify`, and whoever else speaks its protocol (sd_notify(3)): datagrams to the socket that
// NOTIFY_SOCKET names. If nobody asked to be told, nobody is. A manager that cannot be reached is
// not told either; it is for the manager to say so, when a start or a sign of life does not come.
//
// The watchdog is for a program that is there and does not get on. Its signs of life come from the
// thread whose work everything hangs on, between two pieces of that work: if it is stuck, they
// stop, and the manager ends the program and starts it anew.

#include <chrono>
#include <string>
#include <string_view>

#include "shared/os/file_descriptor.h"
#include "shared/os/steady_time.h"

namespace orders {

class ServiceManager {
   public:
    // Nobody.
    ServiceManager() = default;
    // Who is named in the environment, out of which the names are taken, so that programs which
    // this one starts do not speak for it. Call it before there is a second thread.
    [[nodiscard]] static ServiceManager from_environment();

    // What the program is for can be had from now on. Waits for at most a second, for a manager
    // that does not read. Any thread.
    void tell_ready() const noexcept;
    // It has been asked to end, or ends by itself. Never waits. Any thread.
    void tell_stopping() const noexcept;

    // A sign of life, if one is due; costs a look at the clock otherwise, and nothing if there is
    // no watchdog. Never waits. One thread.
    void feed_watchdog() noexcept;

   private:
    void tell(std::string_view what, int flags) const noexcept;

    // Constant after construction.
    FileDescriptor socket_;
    std::string address_;  // the bytes of a path, or of an abstract name, which begins with a zero
    SteadyTime::duration interval_{0};  // zero: no watchdog

    // Only the thread that feeds.
    SteadyTime next_sign_{};
};

}  // namespace orders
