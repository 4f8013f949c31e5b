#pragma once

// For what ends a process: it happens in one of its own, forked while the test is a single thread,
// which is what the thread sanitizer asks for.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <string>

#include "shared/os/file_descriptor.h"

namespace orders::test {

struct EndedChild {
    int exit_status = -1;  // -1 if a signal ended it
    std::string standard_error;

    [[nodiscard]] bool said(const std::string& text) const {
        return standard_error.find(text) != std::string::npos;
    }
};

// Runs `body` in a process of its own, which exits with what it returns. A body that hangs is ended
// by its alarm.
inline EndedChild in_child(const std::function<int()>& body) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::alarm(30);
        ::dup2(ends[1], STDERR_FILENO);
        ::close(ends[0]);
        ::close(ends[1]);
        std::_Exit(body());
    }
    const FileDescriptor output(ends[0]);
    ::close(ends[1]);

    EndedChild ended;
    std::array<char, 1024> part{};
    ssize_t count = 0;
    while ((count = ::read(output.get(), part.data(), part.size())) > 0) {
        ended.standard_error.append(part.data(), static_cast<std::size_t>(count));
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    if (WIFEXITED(status)) ended.exit_status = WEXITSTATUS(status);
    return ended;
}

// Standard error becomes a pipe that is full, and that nobody reads.
inline void block_standard_error() {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0 || ::dup2(ends[1], STDERR_FILENO) < 0) std::_Exit(1);
    const std::string page(4096, '\n');
    ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
    while (::write(ends[1], page.data(), page.size()) > 0) {
    }
    ::fcntl(ends[1], F_SETFL, 0);
}

}  // namespace orders::test
