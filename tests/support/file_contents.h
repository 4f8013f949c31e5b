#pragma once

// All that is in a file.

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace orders::test {

// Empty if there is no such file.
[[nodiscard]] inline std::string contents_of(const std::filesystem::path& path) {
    std::ostringstream contents;
    contents << std::ifstream(path, std::ios::binary).rdbuf();
    return contents.str();
}

}  // namespace orders::test
