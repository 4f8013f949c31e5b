#pragma once

// A file system of the test's own, ext4 in a file, that can lose its power: whatever no sync has
// brought to the disk by then is gone. It takes root and loop devices.

#include <filesystem>
#include <optional>
#include <string>

#include "tests/support/temp_dir.h"

namespace orders::test {

class LoopFileSystem {
   public:
    // Why there can be none here; empty if there can be.
    [[nodiscard]] static std::optional<std::string> missing();

    // Makes and mounts it. Throws if that fails.
    explicit LoopFileSystem(int mebibytes);
    // Unmounts it, even if it is still in use.
    ~LoopFileSystem();
    LoopFileSystem(const LoopFileSystem&) = delete;
    LoopFileSystem& operator=(const LoopFileSystem&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return mount_point_; }

    // From here on nothing reaches the disk, not even what the kernel still has in memory, and
    // every write and sync fails. (ext4's shutdown ioctl without a flush of the journal, as
    // xfstests use it.) A sync that is under way meanwhile may be told that it has succeeded:
    // halt the processes that sync before, and never continue them.
    void cut_power();
    // Mounts it again, as after a reboot. Nobody may have a file open in it.
    void power_up();

   private:
    void mount();
    void unmount(int flags) noexcept;

    TempDir directory_;
    std::filesystem::path image_ = directory_.path() / "disk.img";
    std::filesystem::path mount_point_ = directory_.path() / "disk";
};

}  // namespace orders::test
