#pragma once

// Processes that stand still (SIGSTOP), and time that passes them by.

#include <chrono>
#include <fstream>
#include <string>

#include "shared/os/boot_time.h"
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

// Returns once whatever was leased until `moment`, by the clock that leases live by, has run out.
inline void outlast(std::chrono::milliseconds lease_time,
                    std::chrono::nanoseconds moment = time_since_boot()) {
    const auto end = moment + lease_time + std::chrono::milliseconds(1);
    eventually(patience + lease_time, [&] { return time_since_boot() > end; });
}

}  // namespace orders::test
