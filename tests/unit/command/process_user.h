#pragma once

// Commands run by hand, without an event loop: what one writes, and how it ends.

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/eventually.h"
#include "worker/processors/command/command_process.h"
#include "worker/processors/command/group_watcher.h"

namespace orders::test {

// A watcher, for a test that is a single thread when this is made.
struct Watched {
    Watched() { ::signal(SIGPIPE, SIG_IGN); }
    ~Watched() { ::signal(SIGPIPE, SIG_DFL); }
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;

    GroupWatcher watcher;
};

inline void wait_for(const CommandProcess& process) {
    pollfd source{process.exit_fd(), POLLIN, 0};
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(patience).count();
    if (::poll(&source, 1, static_cast<int>(ms)) != 1) throw std::runtime_error("it does not end");
}

// All that there is to be read without waiting.
inline std::string read_available(int fd) {
    std::string bytes;
    std::array<char, 4'096> part{};
    ssize_t count = 0;
    while ((count = ::read(fd, part.data(), part.size())) > 0) {
        bytes.append(part.data(), static_cast<std::size_t>(count));
    }
    return bytes;
}

struct Ran {
    ProcessEnd end;
    std::string output;
    std::string error;
};

// To its end. It must not write more than a pipe holds.
inline Ran run(const GroupWatcher& watcher, const Program& program,
               const std::vector<std::string>& environment = {"PATH=/usr/bin:/bin"},
               const std::string* input = nullptr) {
    CommandProcess process(program, environment, input, watcher);
    wait_for(process);
    Ran ran{.end = {},
            .output = read_available(process.output_fd()),
            .error = read_available(process.error_fd())};
    ran.end = process.reap();
    return ran;
}

}  // namespace orders::test
