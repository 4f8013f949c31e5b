#pragma once

// A new file that appears under its name complete or not at all: never in place of another one
// unless that is asked for, and then that one is kept.
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

    // Throws StoreError (unusable) if something has the name already.
    static void require_free(const std::string& final_path);

    // Creates the partial file, empty and for this user only. Throws StoreError (unusable) if
    // somebody else is writing it, its partial name is taken by something that is not a plain file
    // of this user, or the directory does not allow it; full if there is no room.
    explicit PartialFile(std::string final_path);
    // Removes the partial file unless it was kept.
    ~PartialFile();
    PartialFile(const PartialFile&) = delete;
    PartialFile& operator=(const PartialFile&) = delete;

    // The path to write to. Everything that opens it must close it before this object dies.
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    // Puts the file in its place, and returns when it and its name are on disk. Throws StoreError
    // (unusable if something has the name by now), with nothing left behind.
    void keep();

    // Puts the file, on disk, in the place of the one that has its name now, and gives that one the
    // name `kept_path`, which nothing may have, in the same directory. Both names change in one
    // step: after a kill each of the two files is there, and the final name is one of theirs. (If
    // the file system cannot do it in one step, the old file may have both names after a kill.)
    // Sync the directory then: the names are not yet on disk. Throws StoreError, with everything as
    // it was.
    void replace(const std::string& kept_path);

   private:
    // False if the partial file at hand was an old one; it is gone then.
    bool take();
    void sync_contents();
    void put_in_place();
    [[nodiscard]] bool exchange(const std::string& kept_path);

    std::string final_path_;
    std::string path_;
    FileDescriptor file_;  // holds the lock
    bool is_there_ = false;
};

}  // namespace orders::sqlite
