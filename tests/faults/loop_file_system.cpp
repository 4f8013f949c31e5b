#include "tests/faults/loop_file_system.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "shared/os/file_descriptor.h"
#include "tests/support/child_process.h"
#include "tests/support/eventually.h"
#include "tests/support/private_mounts.h"

namespace orders::test {
namespace {

// From the kernel's fs/ext4/ext4.h, which is not among its headers for programs.
constexpr unsigned long ext4_shutdown = _IOR('X', 125, std::uint32_t);
constexpr std::uint32_t without_flushing_the_log = 2;

void run(const std::string& program, const std::vector<std::string>& arguments) {
    ChildProcess process(program, arguments);
    if (process.wait_exit(patience) != exited(0)) {
        throw std::runtime_error(program + ": " + process.tail());
    }
}

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

std::optional<std::string> LoopFileSystem::missing() {
    if (!make_mounts_private()) return "mounting is not allowed here";
    for (const char* const needed : {"/sbin/mkfs.ext4", "/bin/mount", "/dev/loop-control"}) {
        if (::access(needed, F_OK) != 0) return std::string("there is no ") + needed;
    }
    try {
        const LoopFileSystem trial(8);
    } catch (const std::exception& error) {
        return error.what();
    }
    return std::nullopt;
}

LoopFileSystem::LoopFileSystem(int mebibytes) {
    std::ofstream(image_).close();
    std::filesystem::resize_file(image_, static_cast<std::uintmax_t>(mebibytes) * 1024 * 1024);
    std::filesystem::create_directory(mount_point_);
    run("/sbin/mkfs.ext4", {"-q", "-F", image_.string()});
    mount();
}

LoopFileSystem::~LoopFileSystem() {
    unmount(MNT_DETACH);
}

void LoopFileSystem::mount() {
    run("/bin/mount", {"-o", "loop", image_.string(), mount_point_.string()});
}

void LoopFileSystem::unmount(int flags) noexcept {
    ::umount2(mount_point_.c_str(), flags);
}

void LoopFileSystem::cut_power() {
    const FileDescriptor directory(::open(mount_point_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!directory.is_open()) fail("open " + mount_point_.string());
    std::uint32_t how = without_flushing_the_log;
    if (::ioctl(directory.get(), ext4_shutdown, &how) != 0) fail("cut the power");
}

void LoopFileSystem::power_up() {
    // The kernel may still be closing the files of a process that has just ended.
    eventually(patience, [&] {
        if (::umount2(mount_point_.c_str(), 0) == 0) return true;
        if (errno != EBUSY) fail("unmount " + mount_point_.string());
        return false;
    });
    mount();
}

}  // namespace orders::test
