// A library to be preloaded into the programs as they ship: it stands between them and the system
// calls that store orders or tell the time, and does there what fault_points.h asks for. The calls
// themselves go straight to the kernel, so nothing needs to be looked up.

#include "tests/faults/fault_points.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using orders::test::FaultPoints;
using Step = FaultPoints::Step;
using File = FaultPoints::File;

FaultPoints* faults = nullptr;  // null until the program has been loaded

// Before main, and before the program's other threads.
__attribute__((constructor)) void map_fault_points() {
    const char* path = std::getenv(orders::test::fault_points_variable);
    if (path == nullptr) return;
    const int file = ::open(path, O_RDWR | O_CLOEXEC);
    void* const mapped =
        ::mmap(nullptr, sizeof(FaultPoints), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ::close(file);
    if (mapped == MAP_FAILED) std::abort();  // the test would prove nothing
    faults = static_cast<FaultPoints*>(mapped);
}

bool name_ends_with(int file, std::string_view ending) {
    std::array<char, 4096> name{};
    const std::string link = "/proc/self/fd/" + std::to_string(file);
    const ssize_t size = ::readlink(link.c_str(), name.data(), name.size());
    return size > 0 &&
           std::string_view(name.data(), static_cast<std::size_t>(size)).ends_with(ending);
}

bool is_directory(int file) {
    struct stat status {};
    return ::fstat(file, &status) == 0 && S_ISDIR(status.st_mode);
}

bool is_meant(int file, File kind) {
    switch (kind) {
        case File::log:
            return name_ends_with(file, "-wal");
        case File::database:
            return name_ends_with(file, ".db");
        case File::directory:
            return is_directory(file);
        case File::any:
            break;
    }
    return true;
}

// True once for each that was asked for, whichever thread comes.
bool take_one(std::atomic<std::int32_t>& left) {
    std::int32_t seen = left;
    while (seen > 0 && !left.compare_exchange_weak(seen, seen - 1)) {
    }
    return seen > 0;
}

bool fails(FaultPoints::Failing& call, int file) {
    if (call.error == 0 || !is_meant(file, call.file)) return false;
    if (take_one(call.passes) || !take_one(call.failures)) return false;
    ++call.failed;
    errno = call.error;
    return true;
}

void halt_at(Step step, int file, std::string_view name_ending) {
    if (faults->halt_at != step || !name_ends_with(file, name_ending)) return;
    if (take_one(faults->passes)) return;
    if (!faults->halt_at.compare_exchange_strong(step, Step::none)) return;
    ++faults->halts;
    ::raise(SIGSTOP);
}

int sync_file(int file, long call) {
    if (faults != nullptr) {
        halt_at(Step::before_sync, file, "-wal");
        if (faults->syncs.failed > 0) ++faults->synced_after_failure;
        ++faults->synced;
        if (fails(faults->syncs, file)) return -1;
    }
    return static_cast<int>(::syscall(call, file));
}

ssize_t write_file(int file, const void* bytes, std::size_t size, off_t offset) {
    if (faults != nullptr && fails(faults->writes, file)) return -1;
    return ::syscall(SYS_pwrite64, file, bytes, size, offset);
}

template <typename Status>
int tell_type(int result, Status* status) {
    if (result == 0 && faults != nullptr && faults->file_system_type != 0) {
        status->f_type = faults->file_system_type;
    }
    return result;
}

template <typename Status>
int tell_room(int result, Status* status) {
    if (result == 0 && faults != nullptr && faults->free_megabytes != 0) {
        const auto bytes = static_cast<std::uint64_t>(faults->free_megabytes - 1) << 20U;
        status->f_bavail = bytes / status->f_frsize;
        status->f_bfree = status->f_bavail;
    }
    return result;
}

// There is no such system call; the C library's function is behind this library's.
template <typename Function>
Function next(const char* name) {
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

// The C library's headers name their parameters after nothing that could be used here.
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
extern "C" {

int fsync(int file) {
    return sync_file(file, SYS_fsync);
}

int fdatasync(int file) {
    return sync_file(file, SYS_fdatasync);
}

ssize_t pwrite(int file, const void* bytes, std::size_t size, off_t offset) {
    return write_file(file, bytes, size, offset);
}

ssize_t pwrite64(int file, const void* bytes, std::size_t size, off64_t offset) {
    return write_file(file, bytes, size, offset);
}

int inotify_init1(int flags) noexcept {
    if (faults != nullptr && fails(faults->watches, -1)) return -1;
    return static_cast<int>(::syscall(SYS_inotify_init1, flags));
}

int inotify_add_watch(int inotify, const char* path, std::uint32_t events) noexcept {
    if (faults != nullptr && fails(faults->watches, -1)) return -1;
    return static_cast<int>(::syscall(SYS_inotify_add_watch, inotify, path, events));
}

int flock(int file, int operation) noexcept {
    const bool is_wait = faults != nullptr && operation == LOCK_EX;
    if (is_wait) halt_at(Step::before_turn, file, "-a");
    const auto result = static_cast<int>(::syscall(SYS_flock, file, operation));
    if (is_wait) halt_at(Step::in_turn, file, "-b");
    return result;
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
    const auto result = static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
    if (result != 0 || faults == nullptr) return result;
    if (clock == CLOCK_REALTIME) time->tv_sec += faults->utc_offset_seconds;
    if (clock == CLOCK_BOOTTIME) time->tv_sec += faults->boot_offset_seconds;
    return result;
}

int statfs(const char* path, struct statfs* status) noexcept {
    return tell_type(static_cast<int>(::syscall(SYS_statfs, path, status)), status);
}

int statfs64(const char* path, struct statfs64* status) noexcept {
    return tell_type(static_cast<int>(::syscall(SYS_statfs, path, status)), status);
}

int fstatfs(int file, struct statfs* status) noexcept {
    return tell_type(static_cast<int>(::syscall(SYS_fstatfs, file, status)), status);
}

int fstatfs64(int file, struct statfs64* status) noexcept {
    return tell_type(static_cast<int>(::syscall(SYS_fstatfs, file, status)), status);
}

int statvfs(const char* path, struct statvfs* status) noexcept {
    static const auto real = next<int (*)(const char*, struct statvfs*)>("statvfs");
    return tell_room(real(path, status), status);
}

int statvfs64(const char* path, struct statvfs64* status) noexcept {
    static const auto real = next<int (*)(const char*, struct statvfs64*)>("statvfs64");
    return tell_room(real(path, status), status);
}

int fstatvfs(int file, struct statvfs* status) noexcept {
    static const auto real = next<int (*)(int, struct statvfs*)>("fstatvfs");
    return tell_room(real(file, status), status);
}

int fstatvfs64(int file, struct statvfs64* status) noexcept {
    static const auto real = next<int (*)(int, struct statvfs64*)>("fstatvfs64");
    return tell_room(real(file, status), status);
}

}  // extern "C"
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
