#pragma once

// One file of a store, known by its device and its inode: whether it is still what lies at its
// name.

#include <sys/stat.h>

#include <string>

namespace orders::sqlite {

class StoreFile {
   public:
    // The file that lies there now. Throws StoreError (replaced) if there is none.
    explicit StoreFile(std::string path);

    // What stat() says of it. Throws StoreError (replaced) if it no longer lies there.
    [[nodiscard]] struct stat status() const;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

   private:
    std::string path_;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

}  // namespace orders::sqlite
