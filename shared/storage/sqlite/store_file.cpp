#include "shared/storage/sqlite/store_file.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "shared/storage/sqlite/errors.h"

namespace orders::sqlite {
namespace {

struct stat status_of(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        throw replaced(path,
                       "the file is not there any more: " + std::string(std::strerror(errno)));
    }
    return status;
}

}  // namespace

StoreFile::StoreFile(std::string path) : path_(std::move(path)) {
    const struct stat status = status_of(path_);
    device_ = status.st_dev;
    inode_ = status.st_ino;
}

struct stat StoreFile::status() const {
    const struct stat now = status_of(path_);
    if (now.st_dev != device_ || now.st_ino != inode_) {
        throw replaced(path_, "another file lies there now");
    }
    return now;
}

}  // namespace orders::sqlite
