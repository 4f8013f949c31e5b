#include "worker/processors/command/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "shared/os/file_descriptor.h"

namespace orders {
namespace {

// Select() and programs that close every descriptor they might have are why this is the usual
// limit; ours is as high as the system allows.
constexpr rlim_t usual_open_files = 1'024;
constexpr int status_of_failure = 127;

// Why the new process did not become the program.
struct Fault {
    enum class Step { tell_watcher, set_descriptors, execute };
    Step step;
    int error;
};

// All that the new process needs, made before it is born.
struct Birth {
    const char* program;
    char* const* arguments;
    char* const* environment;
    std::array<int, 3> standard;
    int watcher;
    int fault;
    pid_t parent;
};

class AllSignalsBlocked {
   public:
    AllSignalsBlocked() noexcept {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    AllSignalsBlocked(const AllSignalsBlocked&) = delete;
    AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

   private:
    sigset_t before_{};
};

[[noreturn]] void give_up(const Birth& birth, Fault::Step step) noexcept {
    const Fault fault{step, errno};
    [[maybe_unused]] const ssize_t written = ::write(birth.fault, &fault, sizeof fault);
    ::_exit(status_of_failure);
}

void limit_resources() noexcept {
    const rlimit no_cores{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_cores);
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    files.rlim_cur = std::min(files.rlim_cur, usual_open_files);
    ::setrlimit(RLIMIT_NOFILE, &files);
}

// The handlers first: one of this program's must not run in the new process.
void restore_signals() noexcept {
    struct sigaction by_default {};
    by_default.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) ::sigaction(number, &by_default, nullptr);
    sigset_t none;
    ::sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

// In the new process: only calls that are safe in a signal handler, and no return.
[[noreturn]] void become(const Birth& birth) noexcept {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != birth.parent) ::_exit(status_of_failure);  // it was gone before that
    const pid_t self = ::getpid();
    if (::write(birth.watcher, &self, sizeof self) != ssize_t{sizeof self}) {
        give_up(birth, Fault::Step::tell_watcher);
    }
    limit_resources();
    for (int number = 0; number < 3; ++number) {
        if (::dup2(birth.standard[static_cast<std::size_t>(number)], number) < 0) {
            give_up(birth, Fault::Step::set_descriptors);
        }
    }
    // Every descriptor of ours is closed by execve() anyway. One that were not would be worse than
    // a leak: a program that inherits the store's lock keeps every writer out.
    ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    restore_signals();
    ::execve(birth.program, birth.arguments, birth.environment);
    give_up(birth, Fault::Step::execute);
}

// A frame of its own, which the new process does not leave.
[[gnu::noinline]] pid_t give_birth(const Birth& birth) noexcept {
    // Vfork is what this file is about; all that it demands of the child, become() keeps to.
    // NOLINTNEXTLINE(clang-analyzer-security.insecureAPI.vfork)
    const pid_t pid = ::vfork();
    if (pid == 0) become(birth);  // NOLINT(clang-analyzer-unix.Vfork)
    return pid;
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    // execve() changes nothing; its type is older than const.
    for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

const char* name_of(Fault::Step step) {
    switch (step) {
        case Fault::Step::tell_watcher:
            return "telling the watcher of process groups";
        case Fault::Step::set_descriptors:
            return "dup2";
        case Fault::Step::execute:
            return "execve";
    }
    return "";
}

// Returns once the process has become the program, or has said why it cannot.
bool read_fault(int pipe, Fault& fault) noexcept {
    ssize_t count = 0;
    do {
        count = ::read(pipe, &fault, sizeof fault);
    } while (count < 0 && errno == EINTR);
    return count == ssize_t{sizeof fault};
}

}  // namespace

pid_t spawn(const SpawnPlan& plan) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw std::system_error(errno, std::generic_category(), "pipe2");
    }
    const FileDescriptor fault_read(ends[0]);
    FileDescriptor fault_write(ends[1]);
    const std::vector<char*> arguments = pointers_to(plan.arguments);
    const std::vector<char*> environment = pointers_to(plan.environment);
    const Birth birth{.program = plan.program.c_str(),
                      .arguments = arguments.data(),
                      .environment = environment.data(),
                      .standard = {plan.input, plan.output, plan.error},
                      .watcher = plan.watcher.fd(),
                      .fault = fault_write.get(),
                      .parent = ::getpid()};
    pid_t pid = -1;
    int error_of_fork = 0;
    {
        const AllSignalsBlocked blocked;
        pid = give_birth(birth);
        error_of_fork = errno;
    }
    if (pid < 0) throw std::system_error(error_of_fork, std::generic_category(), "vfork");
    fault_write = FileDescriptor();
    Fault fault{};
    if (!read_fault(fault_read.get(), fault)) return pid;
    plan.watcher.forget(pid);
    ::waitpid(pid, nullptr, 0);
    throw std::system_error(fault.error, std::generic_category(),
                            std::string(name_of(fault.step)) + " " + plan.program);
}

}  // namespace orders
