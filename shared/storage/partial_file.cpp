#include "shared/storage/partial_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "shared/storage/store_error.h"

namespace orders {
namespace {

StoreError cannot_write(const std::string& path, int error) {
    const bool is_full = error == ENOSPC || error == EDQUOT;
    return {is_full ? StoreError::Kind::full : StoreError::Kind::unusable, "write " + path,
            std::strerror(error),
            is_full ? "make room on the disk"
                    : "the directory must exist and be writable for this user"};
}

StoreError exists_already(const std::string& path) {
    return {StoreError::Kind::unusable, "write " + path, "the file exists",
            "an existing file is never replaced; choose another name"};
}

void sync(int file, const std::string& path) {
    if (::fsync(file) != 0) throw cannot_write(path, errno);
}

void sync_directory_of(const std::string& path) {
    const auto directory = std::filesystem::absolute(path).parent_path();
    const FileDescriptor file(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!file.is_open()) throw cannot_write(path, errno);
    sync(file.get(), path);
}

}  // namespace

PartialFile::PartialFile(std::string final_path)
    : final_path_(std::move(final_path)), path_(final_path_ + ".partial") {
    struct stat there {};
    if (::lstat(final_path_.c_str(), &there) == 0) throw exists_already(final_path_);
    while (!take()) {
    }
    is_there_ = true;
}

bool PartialFile::take() {
    file_ = FileDescriptor(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file_.is_open()) throw cannot_write(path_, errno);
    if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) throw cannot_write(path_, errno);
        throw StoreError(StoreError::Kind::unusable, "write " + final_path_,
                         "another process is writing it");
    }
    // Whoever held the lock a moment ago may have put the file in place, or removed it.
    struct stat locked {};
    struct stat named {};
    if (::fstat(file_.get(), &locked) != 0) throw cannot_write(path_, errno);
    if (::lstat(path_.c_str(), &named) != 0 || named.st_ino != locked.st_ino) return false;
    if (locked.st_size == 0) return true;
    // Left behind. Not written over: it may have been put in place under a second name, too.
    if (::unlink(path_.c_str()) != 0) throw cannot_write(path_, errno);
    return false;
}

PartialFile::~PartialFile() {
    if (is_there_) ::unlink(path_.c_str());
}

void PartialFile::keep() {
    sync(file_.get(), path_);
    put_in_place();
    try {
        sync_directory_of(final_path_);
    } catch (...) {
        ::unlink(final_path_.c_str());
        throw;
    }
}

void PartialFile::put_in_place() {
    if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, final_path_.c_str(), RENAME_NOREPLACE) ==
        0) {
        is_there_ = false;
        return;
    }
    // Some file systems (NFS among them) cannot rename without replacing; a link never replaces.
    if (errno == EINVAL && ::link(path_.c_str(), final_path_.c_str()) == 0) return;
    if (errno == EEXIST) throw exists_already(final_path_);
    throw cannot_write(final_path_, errno);
}

}  // namespace orders
