#pragma once

// A log that nobody reads: a named pipe with its reader's end open, which takes what fits in and
// then blocks who writes. The test alone decides when to read. Belongs to one thread.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "shared/os/file_descriptor.h"

namespace orders::test {

class UnreadPipe {
   public:
    // `capacity` in bytes, a multiple of the page's 4,096.
    UnreadPipe(std::string path, int capacity) : path_(std::move(path)) {
        REQUIRE_EQ(::mkfifo(path_.c_str(), 0600), 0);
        // Open for both, so that it has a reader for as long as this lives. It never blocks this
        // side, whatever flags the writers' descriptors have.
        pipe_ = FileDescriptor(::open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
        REQUIRE(pipe_.is_open());
        REQUIRE_EQ(::fcntl(pipe_.get(), F_SETPIPE_SZ, capacity), capacity);
    }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    // A writer's end, as a program gets it that is started with `2>pipe`.
    [[nodiscard]] FileDescriptor open_writing() const {
        return FileDescriptor::opened(::open(path_.c_str(), O_WRONLY | O_CLOEXEC), "open pipe");
    }

    // Not even a byte fits in afterwards.
    void fill() {
        const std::string page(4096, '\n');
        for (std::size_t size = page.size(); size > 0; size /= 2) {
            while (::write(pipe_.get(), page.data(), size) > 0) {
            }
        }
    }

    // All that is in it; there is room again.
    [[nodiscard]] std::string drain() {
        std::string text;
        std::array<char, 4096> part{};
        ssize_t count = 0;
        while ((count = ::read(pipe_.get(), part.data(), part.size())) > 0) {
            text.append(part.data(), static_cast<std::size_t>(count));
        }
        return text;
    }

   private:
    const std::string path_;
    FileDescriptor pipe_;
};

}  // namespace orders::test
