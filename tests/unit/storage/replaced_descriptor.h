#pragma once

// Puts another open file in the place of one that SQLite has open in this process, while the object
// lives: one that cannot be written, say, or has no room. SQLite's locks on it are lost, so nobody
// else may use the database meanwhile.

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>

#include "shared/os/file_descriptor.h"

namespace orders::sqlite {

class ReplacedDescriptor {
   public:
    // The file must be open exactly once.
    ReplacedDescriptor(const std::string& file, const char* by, int flags)
        : replaced_(descriptor_of(file)),
          original_(FileDescriptor::opened(::dup(replaced_), "dup")) {
        const auto other = FileDescriptor::opened(::open(by, flags | O_CLOEXEC), by);
        ::dup2(other.get(), replaced_);
    }
    ~ReplacedDescriptor() { ::dup2(original_.get(), replaced_); }
    ReplacedDescriptor(const ReplacedDescriptor&) = delete;
    ReplacedDescriptor& operator=(const ReplacedDescriptor&) = delete;

   private:
    static int descriptor_of(const std::string& file) {
        for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
            std::error_code ignored;
            if (std::filesystem::read_symlink(entry.path(), ignored) == file) {
                return std::stoi(entry.path().filename());
            }
        }
        throw std::runtime_error("nobody has it open: " + file);
    }

    int replaced_;
    FileDescriptor original_;
};

}  // namespace orders::sqlite
