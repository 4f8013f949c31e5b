#include "worker/processors/command/command_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "worker/processors/command/spawn.h"

// In the C library's 2.36 this header does not say that its functions are C's.
extern "C" {
#include <sys/pidfd.h>
}

namespace orders {
namespace {

// Since Linux 6.3, and wanted by systems that let no file in memory be run.
constexpr unsigned memfd_is_data = 0x0008U;

// The writing end blocks, as programs expect of their output; the reading end does not.
struct OutputPipe {
    OutputPipe() {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
            throw std::system_error(errno, std::generic_category(), "pipe2");
        }
        read = FileDescriptor(ends[0]);
        write = FileDescriptor(ends[1]);
        ::fcntl(read.get(), F_SETFL, O_NONBLOCK);
    }
    FileDescriptor read;
    FileDescriptor write;
};

FileDescriptor file_in_memory() {
    constexpr const char* name = "order-payload";
    int fd = ::memfd_create(name, MFD_CLOEXEC | memfd_is_data);
    if (fd < 0 && errno == EINVAL) fd = ::memfd_create(name, MFD_CLOEXEC);
    return FileDescriptor::opened(fd, "memfd_create");
}

FileDescriptor input_of(const std::string* input) {
    if (input == nullptr) {
        return FileDescriptor::opened(::open("/dev/null", O_RDONLY | O_CLOEXEC), "open /dev/null");
    }
    FileDescriptor file = file_in_memory();
    std::string_view left = *input;
    while (!left.empty()) {
        const ssize_t count = ::write(file.get(), left.data(), left.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw std::system_error(errno, std::generic_category(), "write to memory");
        left.remove_prefix(static_cast<std::size_t>(count));
    }
    ::lseek(file.get(), 0, SEEK_SET);
    return file;
}

}  // namespace

CommandProcess::CommandProcess(const Program& program, const std::vector<std::string>& environment,
                               const std::string* input, const GroupWatcher& watcher)
    : watcher_(watcher) {
    const FileDescriptor given = input_of(input);
    OutputPipe output;
    OutputPipe error;
    output_ = std::move(output.read);
    error_ = std::move(error.read);
    pid_ = spawn({.program = program.path,
                  .arguments = program.arguments,
                  .environment = environment,
                  .input = given.get(),
                  .output = output.write.get(),
                  .error = error.write.get(),
                  .watcher = watcher});
    exit_ = FileDescriptor(::pidfd_open(pid_, 0));
    if (exit_.is_open()) return;
    const int reason = errno;
    signal(SIGKILL);
    reap();
    throw std::system_error(reason, std::generic_category(), "pidfd_open");
}

CommandProcess::~CommandProcess() {
    if (pid_ < 0) return;
    signal(SIGKILL);
    reap();
}

void CommandProcess::signal(int number) const noexcept {
    // It may have left its group.
    if (::kill(-pid_, number) != 0 || number == SIGKILL) ::kill(pid_, number);
}

ProcessEnd CommandProcess::reap() noexcept {
    siginfo_t end{};
    const auto await_end = [&](int options) {
        while (::waitid(P_PID, static_cast<id_t>(pid_), &end, options) != 0 && errno == EINTR) {
        }
    };
    // Until it is reaped, nobody else can get its number: the signal reaches no other group, and
    // the watcher forgets no other.
    await_end(WEXITED | WNOWAIT);
    ::kill(-pid_, SIGKILL);
    watcher_.forget(pid_);
    await_end(WEXITED);
    pid_ = -1;
    return {.is_by_signal = end.si_code != CLD_EXITED, .number = end.si_status};
}

}  // namespace orders
