#include "tests/support/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

namespace orders::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct Pipe {
    FileDescriptor read_end;
    FileDescriptor write_end;
};

Pipe make_pipe() {
    std::array<int, 2> ends{};
    // Close-on-exec, or the next child would hold this one's pipe open.
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw std::system_error(errno, std::generic_category(), "pipe2");
    }
    return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

std::vector<std::string> environment_of_child(const std::map<std::string, std::string>& given) {
    std::vector<std::string> environment;
    for (const char* name : {"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "ASAN_OPTIONS",
                             "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"}) {
        const char* value = std::getenv(name);
        if (value != nullptr && !given.contains(name)) {
            environment.push_back(std::string(name) + "=" + value);
        }
    }
    for (const auto& [name, value] : given) environment.push_back(name + "=" + value);
    return environment;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (auto& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

// Runs in the child, between fork and exec, where only async-signal-safe calls are allowed.
[[noreturn]] void become(pid_t parent, int output, int error, char* const* arguments,
                         char* const* environment) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);  // the parent was gone before the line above
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(error, STDERR_FILENO);
    // The test's own handlers must not run here; only then may signals come again.
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execve(arguments[0], arguments, environment);
    ::_exit(127);
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Ending& ending) {
    return out << (ending.by_signal ? "killed by signal " : "exited with ") << ending.number;
}

ChildProcess::ChildProcess(const std::string& program, const std::vector<std::string>& arguments,
                           const std::map<std::string, std::string>& environment)
    : program_(program) {
    Pipe output = make_pipe();
    Pipe error = make_pipe();
    std::vector<std::string> argument_texts{program};
    argument_texts.insert(argument_texts.end(), arguments.begin(), arguments.end());
    std::vector<std::string> environment_texts = environment_of_child(environment);
    const std::vector<char*> argument_pointers = pointers_to(argument_texts);
    const std::vector<char*> environment_pointers = pointers_to(environment_texts);

    const pid_t parent = ::getpid();
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_ = ::fork();
    if (pid_ == 0) {
        become(parent, output.write_end.get(), error.write_end.get(), argument_pointers.data(),
               environment_pointers.data());
    }
    const int error_of_fork = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (pid_ < 0) throw std::system_error(error_of_fork, std::generic_category(), "fork");
    output_pipe_ = std::move(output.read_end);
    error_pipe_ = std::move(error.read_end);
    reader_ = std::jthread([this] { read_output(); });
}

ChildProcess::~ChildProcess() {
    kill();
}

void ChildProcess::signal(int number) {
    const std::lock_guard lock(process_mutex_);
    if (!ending_) ::kill(pid_, number);
}

std::string ChildProcess::wait_for_line(std::string_view part, milliseconds within) {
    const auto deadline = steady_clock::now() + within;
    std::unique_lock lock(mutex_);
    const auto is_there = [&] { return is_all_read_ || find_line(part) != nullptr; };
    changed_.wait_until(lock, deadline, is_there);
    if (const std::string* line = find_line(part)) return *line;
    const bool has_ended = is_all_read_;
    lock.unlock();
    throw std::runtime_error(program_ + (has_ended ? " ended without" : " did not say in time") +
                             ": \"" + std::string(part) + "\"; its last lines:\n" + tail());
}

std::optional<Ending> ChildProcess::ending() {
    const std::lock_guard lock(process_mutex_);
    int status = 0;
    if (!ending_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
        ending_ = WIFSIGNALED(status) ? killed_by(WTERMSIG(status)) : exited(WEXITSTATUS(status));
    }
    return ending_;
}

Ending ChildProcess::wait_exit(milliseconds within) {
    const auto deadline = steady_clock::now() + within;
    while (!ending()) {
        if (steady_clock::now() > deadline) {
            throw std::runtime_error(program_ + " did not end in time; its last lines:\n" + tail());
        }
        std::this_thread::sleep_for(milliseconds(2));
    }
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline, [&] { return is_all_read_; });
    lock.unlock();
    return *ending();
}

void ChildProcess::kill() {
    signal(SIGKILL);
    while (!ending()) std::this_thread::sleep_for(milliseconds(1));
}

std::vector<std::string> ChildProcess::error_lines() const {
    const std::lock_guard lock(mutex_);
    return error_lines_;
}

std::size_t ChildProcess::count_lines(std::string_view part) const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::count_if(
        error_lines_.begin(), error_lines_.end(),
        [&](const std::string& line) { return line.find(part) != std::string::npos; }));
}

std::string ChildProcess::output() const {
    const std::lock_guard lock(mutex_);
    return output_;
}

std::string ChildProcess::tail(std::size_t lines) const {
    const std::lock_guard lock(mutex_);
    std::string text;
    const std::size_t first = error_lines_.size() > lines ? error_lines_.size() - lines : 0;
    for (std::size_t i = first; i < error_lines_.size(); ++i)
        text += "    " + error_lines_[i] + "\n";
    return text;
}

const std::string* ChildProcess::find_line(std::string_view part) const {
    for (const std::string& line : error_lines_) {
        if (line.find(part) != std::string::npos) return &line;
    }
    return nullptr;
}

void ChildProcess::read_output() {
    std::array<pollfd, 2> pipes{pollfd{output_pipe_.get(), POLLIN, 0},
                                pollfd{error_pipe_.get(), POLLIN, 0}};
    std::array<char, 16 * 1024> buffer{};
    while (pipes[0].fd >= 0 || pipes[1].fd >= 0) {
        if (::poll(pipes.data(), pipes.size(), -1) < 0) continue;  // EINTR
        for (pollfd& pipe : pipes) {
            if (pipe.fd < 0 || pipe.revents == 0) continue;
            const ssize_t size = ::read(pipe.fd, buffer.data(), buffer.size());
            if (size < 0 && errno == EINTR) continue;
            const std::string_view bytes(buffer.data(), size > 0 ? static_cast<size_t>(size) : 0);
            const std::lock_guard lock(mutex_);
            if (pipe.fd == output_pipe_.get()) {
                output_ += bytes;
            } else {
                take_error_bytes(bytes);
            }
            if (size <= 0) pipe.fd = -1;
        }
        changed_.notify_all();
    }
    const std::lock_guard lock(mutex_);
    if (!unfinished_line_.empty()) error_lines_.push_back(unfinished_line_);
    is_all_read_ = true;
    changed_.notify_all();
}

void ChildProcess::take_error_bytes(std::string_view bytes) {
    for (const char byte : bytes) {
        if (byte != '\n') {
            unfinished_line_ += byte;
            continue;
        }
        error_lines_.push_back(std::move(unfinished_line_));
        unfinished_line_.clear();
    }
}

}  // namespace orders::test
