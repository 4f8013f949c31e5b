#pragma once

// The machine that the figures are of.

#include <filesystem>
#include <string>

namespace orders::bench {

// Of the file system that the directory is on, such as "ext4"; "unknown" if /proc does not tell.
[[nodiscard]] std::string file_system_of(const std::filesystem::path& directory);

// Processor, cores, memory, kernel and file system, as one line.
[[nodiscard]] std::string describe_machine(const std::filesystem::path& directory);

// "2026-11-22"
[[nodiscard]] std::string today();

// How many threads wanted to run during the last minute, on average: anything but about none before
// a measurement makes its figures worthless.
[[nodiscard]] double load_average();

// As many open files as the machine allows: the soft limit is often 1,024.
void allow_many_open_files();

}  // namespace orders::bench
