#pragma once

// A test's hand on the faults of one program, before it is started and while it runs: see
// tests/faults/fault_points.h for what there is.
//
//     FaultControl faults;
//     ChildProcess& worker = processes.start_worker({}, faults.environment());
//     faults.fail(faults->syncs, EIO);
//
// Belongs to the test's main thread; counters may be read from any.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <map>
#include <new>
#include <string>
#include <system_error>

#include "shared/os/file_descriptor.h"
#include "tests/faults/fault_points.h"
#include "tests/support/child_process.h"
#include "tests/support/eventually.h"
#include "tests/support/halted_process.h"
#include "tests/support/temp_dir.h"

namespace orders::test {

class FaultControl {
   public:
    using Step = FaultPoints::Step;
    using File = FaultPoints::File;

    // A sanitizer wants to be loaded before all else; say skipped(not_available) there.
    static constexpr bool is_available = !std::string_view(ORDERS_FAULT_LIBRARY).empty();
    static constexpr const char* not_available = "a sanitizer's build takes no other library first";

    FaultControl() {
        const FileDescriptor file(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
        if (::ftruncate(file.get(), sizeof(FaultPoints)) != 0) fail_to("make " + path_);
        void* const mapped =
            ::mmap(nullptr, sizeof(FaultPoints), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
        if (mapped == MAP_FAILED) fail_to("map " + path_);
        points_ = new (mapped) FaultPoints{};
    }
    ~FaultControl() { ::munmap(points_, sizeof(FaultPoints)); }
    FaultControl(const FaultControl&) = delete;
    FaultControl& operator=(const FaultControl&) = delete;

    // What makes a program obey this.
    [[nodiscard]] std::map<std::string, std::string> environment() const {
        return {{"LD_PRELOAD", ORDERS_FAULT_LIBRARY}, {fault_points_variable, path_}};
    }

    FaultPoints* operator->() noexcept { return points_; }

    struct Which {
        File file = File::any;
        int passes = 0;  // this many still work
        int failures = std::numeric_limits<int>::max();
    };
    // From now on the call fails with this errno.
    static void fail(FaultPoints::Failing& call, int error) { fail(call, error, Which{}); }
    static void fail(FaultPoints::Failing& call, int error, const Which& which) {
        call.file = which.file;
        call.passes = which.passes;
        call.failures = which.failures;
        call.error = error;  // last: it switches the others on
    }

    // Makes the program stand still when it next comes to the step, after going past it `passes`
    // times. Once; SIGCONT makes it go on.
    void halt_at(Step step, int passes = 0) {
        points_->passes = passes;
        points_->halt_at = step;
    }
    void wait_until_halted(const ChildProcess& process) {
        eventually(patience, [&] { return points_->halts > 0 && is_halted(process); });
        points_->halts = 0;
    }

   private:
    [[noreturn]] static void fail_to(const std::string& operation) {
        throw std::system_error(errno, std::generic_category(), operation);
    }

    TempDir directory_;
    std::string path_ = directory_.file("fault-points");
    FaultPoints* points_ = nullptr;
};

}  // namespace orders::test
