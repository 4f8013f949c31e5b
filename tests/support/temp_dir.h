#pragma once

// A directory of the test's own, gone with everything in it when the object dies. It lies under
// TMPDIR (or /tmp), so tests never write into the source tree and may run side by side.

#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace orders::test {

class TempDir {
   public:
    TempDir() {
        std::string name = (std::filesystem::temp_directory_path() / "orders-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::system_error(errno, std::generic_category(), "mkdtemp " + name);
        }
        path_ = name;
    }
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    // The path of a file in it; the file need not exist.
    [[nodiscard]] std::string file(std::string_view name) const { return (path_ / name).string(); }

   private:
    std::filesystem::path path_;
};

}  // namespace orders::test
