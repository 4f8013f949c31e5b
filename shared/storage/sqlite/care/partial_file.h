#pragma once

// A new file that appears under its name complete or not at all, and never in place of another one.
//
// It is written beside its place under a hidden name that nothing else has, path_for(). A lock on
// the partial file tells files that are being written from files that a killed process left behind:
// the latter are replaced, if they are plain files of this user. The lock is flock()'s, which
// SQLite's own locks on the same file do not touch.

#include <string>

#include "shared/os/file_descriptor.h"

namespace orders::sqlite {

class PartialFile {
   public:
    // `.NAME.order-backup-partial`, in the same directory.
    [[nodiscard]] static std::string path_for(const std::string& final_path);

    // Throws StoreError (unusable) if something has that name that is not a plain file of this
    // user, and so was not left behind by an earlier one.
    static void require_replaceable(const std::string& path);

    // Creates the partial file, empty and for this user only. Throws StoreError (unusable) if
    // the file exists already, somebody else is writing it, its partial name is taken by something
    // that is not a plain file of this user, or the directory does not allow it; full if there is
    // no room.
    explicit PartialFile(std::string final_path);
    // Removes the partial file unless it was kept.
    ~PartialFile();
    PartialFile(const PartialFile&) = delete;
    PartialFile& operator=(const PartialFile&) = delete;

    // The path to write to. Everything that opens it must close it before this object dies.
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    // Puts the file in its place, and returns when it and its name are on disk. Throws StoreError,
    // with nothing left behind.
    void keep();

   private:
    // False if the partial file at hand was an old one; it is gone then.
    bool take();
    void put_in_place();

    std::string final_path_;
    std::string path_;
    FileDescriptor file_;  // holds the lock
    bool is_there_ = false;
};

}  // namespace orders::sqlite
