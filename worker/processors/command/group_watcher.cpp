#include "worker/processors/command/group_watcher.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <set>
#include <system_error>

namespace orders {
namespace {

// The pipe becomes standard input, and whoever reads the worker's log does not wait for its
// watcher.
bool keep_only(int pipe) {
    const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    return nothing >= 0 && ::dup2(pipe, STDIN_FILENO) >= 0 && ::dup2(nothing, STDOUT_FILENO) >= 0 &&
           ::dup2(nothing, STDERR_FILENO) >= 0 && ::close_range(3, ~0U, 0) == 0;
}

// False at the end. Numbers are written whole, so none is read in part.
bool read_number(pid_t& number) {
    ssize_t count = 0;
    do {
        count = ::read(STDIN_FILENO, &number, sizeof number);
    } while (count < 0 && errno == EINTR);
    return count == ssize_t{sizeof number};
}

[[noreturn]] void watch(int pipe) {
    ::setsid();
    ::prctl(PR_SET_NAME, "order-watcher");
    if (!keep_only(pipe)) ::_exit(1);
    std::set<pid_t> groups;
    pid_t told = 0;
    while (read_number(told)) {
        if (told > 0) {
            groups.insert(told);
        } else {
            groups.erase(-told);
        }
    }
    for (const pid_t group : groups) ::kill(-group, SIGKILL);
    ::_exit(0);
}

}  // namespace

GroupWatcher::GroupWatcher() {
    // With SIGCHLD ignored, as whoever started the worker may have left it, the kernel would reap
    // children, and how they ended would be lost.
    ::signal(SIGCHLD, SIG_DFL);
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw std::system_error(errno, std::generic_category(), "pipe2");
    }
    const FileDescriptor read_end(ends[0]);
    pipe_ = FileDescriptor(ends[1]);
    // A writer that waited for a watcher which is halted would hold up everything.
    ::fcntl(pipe_.get(), F_SETFL, O_NONBLOCK);

    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_ = ::fork();
    if (pid_ == 0) watch(read_end.get());
    const int error = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (pid_ < 0) throw std::system_error(error, std::generic_category(), "fork");
}

GroupWatcher::~GroupWatcher() {
    pipe_ = FileDescriptor();
    ::waitpid(pid_, nullptr, 0);
}

void GroupWatcher::forget(pid_t group) const noexcept {
    const pid_t ended = -group;
    // If nobody reads it any more, nobody has to know.
    [[maybe_unused]] const ssize_t written = ::write(pipe_.get(), &ended, sizeof ended);
}

}  // namespace orders
