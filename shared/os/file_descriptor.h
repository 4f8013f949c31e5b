#pragma once

// Owns a file descriptor and closes it. Never use one for the store's own files: closing any
// descriptor of a file drops all POSIX locks that SQLite holds on it in this process.

#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace orders {

class FileDescriptor {
   public:
    // What a system call returned; throws std::system_error with errno if that is an error.
    // `call` says what was called, for its text.
    [[nodiscard]] static FileDescriptor opened(int fd, const std::string& call) {
        if (fd < 0) throw std::system_error(errno, std::generic_category(), call);
        return FileDescriptor(fd);
    }

    FileDescriptor() = default;
    explicit FileDescriptor(int fd) noexcept : fd_(fd) {}
    FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;
    ~FileDescriptor() {
        if (fd_ >= 0) ::close(fd_);
    }

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
    // Gives the descriptor to the caller, which has to close it.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

   private:
    int fd_ = -1;
};

}  // namespace orders
