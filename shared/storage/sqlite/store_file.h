#pragma once

// One file of a store, known by its device and its inode: whether it is still what lies at its
// name.

#include <sys/stat.h>

#include <cstdint>
#include <string>

namespace orders::sqlite {

// A file's device, which has two numbers, and its inode.
struct FileNumber {
    std::uint32_t device_major = 0;
    std::uint32_t device_minor = 0;
    std::uint64_t inode = 0;
    friend bool operator==(const FileNumber&, const FileNumber&) = default;
};

class StoreFile {
   public:
    // The file that lies there now. Throws StoreError (replaced) if there is none.
    explicit StoreFile(std::string path);

    // Throws StoreError (replaced) if it no longer lies there. It does not ask for the file's
    // times: Linux gives the first write after that a time of its own ("multigrain timestamps",
    // from 6.13 on), and the next fdatasync takes a quarter longer (measured on ext4: 190 us
    // instead of 150).
    void require_in_place() const;

    // The same, and what there is to know of it.
    [[nodiscard]] struct statx status() const;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

   private:
    [[nodiscard]] struct statx status_if_in_place(unsigned wanted) const;

    std::string path_;
    FileNumber number_;
};

}  // namespace orders::sqlite
