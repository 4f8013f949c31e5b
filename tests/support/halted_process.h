#pragma once

// Processes that stand still (SIGSTOP), and time that passes them by.

#include <time.h>

#include <chrono>
#include <fstream>
#include <string>

#include "tests/support/child_process.h"
#include "tests/support/eventually.h"

namespace orders::test {

[[nodiscard]] inline bool is_halted(const ChildProcess& process) {
    std::ifstream status("/proc/" + std::to_string(process.pid()) + "/status");
    std::string line;
    while (std::getline(status, line)) {
        if (line.starts_with("State:")) return line.find('T') != std::string::npos;
    }
    return false;
}

// By the clock that leases live by.
[[nodiscard]] inline std::chrono::nanoseconds since_boot() {
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// Returns once whatever was leased until `moment` has run out.
inline void outlast(std::chrono::milliseconds lease_time,
                    std::chrono::nanoseconds moment = since_boot()) {
    const auto end = moment + lease_time + std::chrono::milliseconds(1);
    eventually(patience + lease_time, [&] { return since_boot() > end; });
}

}  // namespace orders::test
