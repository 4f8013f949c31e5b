#include "shared/storage/sqlite/care/partial_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "shared/storage/sqlite/errors.h"
#include "shared/storage/sqlite/sync_directory.h"

namespace orders::sqlite {
namespace {

StoreError cannot_write(const std::string& path, int error) {
    return file_error(
        "write " + path, error,
        error == ENAMETOOLONG ? "choose a shorter name" : must_be_writable("the directory"));
}

StoreError exists_already(const std::string& path) {
    return unusable("write " + path, "the file exists",
                    "an existing file is never replaced; choose another name");
}

// Some file systems (NFS among them) and kernels know only the plain rename.
bool is_beyond_the_file_system(int error) {
    return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP;
}

// Nobody but a program like this one has reason to use the name, and yet somebody may.
void require_own(const struct stat& file, const std::string& path) {
    if (S_ISREG(file.st_mode) && file.st_uid == ::geteuid()) return;
    throw unusable("write " + path,
                   "it is not a plain file of the user " + std::to_string(::geteuid()),
                   "remove it if nobody needs it, or choose another name");
}

}  // namespace

std::string PartialFile::path_for(const std::string& final_path) {
    const std::filesystem::path path(final_path);
    return path.parent_path() / ("." + path.filename().string() + ".order-backup-partial");
}

void PartialFile::require_replaceable(const std::string& path) {
    struct stat there {};
    if (::lstat(path.c_str(), &there) == 0) require_own(there, path);
}

void PartialFile::require_free(const std::string& final_path) {
    struct stat there {};
    if (::lstat(final_path.c_str(), &there) == 0) throw exists_already(final_path);
}

PartialFile::PartialFile(std::string final_path)
    : final_path_(std::move(final_path)), path_(path_for(final_path_)) {
    while (!take()) {
    }
    is_there_ = true;
}

bool PartialFile::take() {
    struct stat locked {};
    struct stat named {};
    // Before it is opened, too: opening a device can have an effect.
    require_replaceable(path_);
    file_ = FileDescriptor(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file_.is_open()) throw cannot_write(final_path_, errno);
    if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) throw cannot_write(path_, errno);
        throw unusable("write " + final_path_, "another process is writing it");
    }
    // The process that held the lock a moment ago may have put the file in place, or removed it.
    if (::fstat(file_.get(), &locked) != 0) throw cannot_write(path_, errno);
    if (::lstat(path_.c_str(), &named) != 0 || named.st_ino != locked.st_ino) return false;
    require_own(locked, path_);
    if (locked.st_size == 0 && locked.st_nlink == 1) return true;
    // Left behind. Not written over: it may have been put in place under a second name, too.
    if (::unlink(path_.c_str()) != 0) throw cannot_write(path_, errno);
    return false;
}

PartialFile::~PartialFile() {
    if (is_there_) ::unlink(path_.c_str());
}

void PartialFile::sync_contents() {
    if (::fsync(file_.get()) != 0) throw cannot_write(path_, errno);
}

void PartialFile::keep() {
    sync_contents();
    put_in_place();
    if (const std::error_code error = sync_directory_of(final_path_)) {
        ::unlink(final_path_.c_str());
        throw cannot_write(final_path_, error.value());
    }
}

void PartialFile::put_in_place() {
    if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, final_path_.c_str(), RENAME_NOREPLACE) ==
        0) {
        is_there_ = false;
        return;
    }
    int error = errno;
    // A link never replaces.
    if (is_beyond_the_file_system(error)) {
        if (::link(path_.c_str(), final_path_.c_str()) == 0) return;
        // One that has no links either says that this is not permitted, which would mislead.
        if (errno != EPERM) error = errno;
    }
    if (error == EEXIST) throw exists_already(final_path_);
    throw cannot_write(final_path_, error);
}

void PartialFile::replace(const std::string& kept_path) {
    sync_contents();
    if (!exchange(kept_path)) {
        if (::link(final_path_.c_str(), kept_path.c_str()) != 0) {
            throw unusable("replace " + final_path_, std::strerror(errno),
                           "its file system can neither exchange names nor link: move it away, "
                           "together with its log");
        }
        if (::rename(path_.c_str(), final_path_.c_str()) != 0) {
            const int error = errno;
            ::unlink(kept_path.c_str());
            throw cannot_write(final_path_, error);
        }
    }
    is_there_ = false;
}

// False if the file system cannot do it; everything is as it was then.
bool PartialFile::exchange(const std::string& kept_path) {
    // Under the name that the other is to have: if the kill came after an exchange with the hidden
    // name, the other would have that, and would be cleared away as left behind.
    if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, kept_path.c_str(), RENAME_NOREPLACE) != 0) {
        if (is_beyond_the_file_system(errno)) return false;
        throw cannot_write(kept_path, errno);
    }
    if (::renameat2(AT_FDCWD, kept_path.c_str(), AT_FDCWD, final_path_.c_str(), RENAME_EXCHANGE) ==
        0) {
        return true;
    }
    const int error = errno;
    if (::rename(kept_path.c_str(), path_.c_str()) != 0) ::unlink(kept_path.c_str());
    if (is_beyond_the_file_system(error)) return false;
    throw cannot_write(final_path_, error);
}

}  // namespace orders::sqlite
