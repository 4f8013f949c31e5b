#pragma once

// What the kernel says about a running process.

#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace orders::test {

// The most memory that it has ever had.
[[nodiscard]] inline long peak_kib(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string word; status >> word;) {
        long kib = 0;
        if (word == "VmHWM:" && status >> kib) return kib;
    }
    throw std::runtime_error("no VmHWM");
}

[[nodiscard]] inline std::size_t open_files(pid_t pid) {
    const std::filesystem::directory_iterator files("/proc/" + std::to_string(pid) + "/fd");
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

// How much processor time it has used so far.
[[nodiscard]] inline std::chrono::milliseconds processor_time(pid_t pid) {
    constexpr int fields_before_user_time = 11;  // behind the name, which may have blanks
    std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
    std::string field;
    std::getline(status, field, ')');
    for (int i = 0; i < fields_before_user_time; ++i) status >> field;
    long user = 0;
    long system = 0;
    if (!(status >> user >> system)) throw std::runtime_error("no processor time");
    return std::chrono::milliseconds((user + system) * 1'000 / ::sysconf(_SC_CLK_TCK));
}

}  // namespace orders::test
