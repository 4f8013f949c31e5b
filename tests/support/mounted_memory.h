#pragma once

// A small file system in memory, mounted while the object lives: for disks that fill up or may not
// be written. Check may_mount() first; only root in its own right may.

#include <sys/mount.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#include "tests/support/private_mounts.h"
#include "tests/support/temp_dir.h"

namespace orders::test {

class MountedMemory {
   public:
    static constexpr const char* may_not_mount = "mounting is not allowed here";

    [[nodiscard]] static bool may_mount() {
        if (!make_mounts_private()) return false;
        const TempDir directory;
        const char* path = directory.path().c_str();
        if (::mount("none", path, "tmpfs", 0, "size=64k") != 0) return false;
        ::umount2(path, MNT_DETACH);
        return true;
    }

    explicit MountedMemory(int megabytes) {
        const std::string options = "size=" + std::to_string(megabytes) + "m";
        check(::mount("none", path().c_str(), "tmpfs", 0, options.c_str()), "mount");
    }
    ~MountedMemory() { ::umount2(path().c_str(), MNT_DETACH); }
    MountedMemory(const MountedMemory&) = delete;
    MountedMemory& operator=(const MountedMemory&) = delete;

    void make_read_only() {
        check(::mount(nullptr, path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr),
              "remount");
    }

    // Takes what room there is, but for `left` bytes; removing the file gives it back.
    void fill(std::string_view name, std::size_t left) const {
        std::ofstream ballast(file(name), std::ios::binary);
        const auto room = std::filesystem::space(path()).available;
        const std::string block(4096, 'x');
        for (std::size_t size = left; size + block.size() <= room && ballast; size += block.size())
            ballast << block;
    }

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return directory_.path(); }
    [[nodiscard]] std::string file(std::string_view name) const { return directory_.file(name); }

   private:
    void check(int result, const char* operation) const {
        if (result == 0) return;
        throw std::system_error(errno, std::generic_category(),
                                operation + (" " + path().string()));
    }

    TempDir directory_;
};

}  // namespace orders::test
