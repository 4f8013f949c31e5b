#include "shared/storage/sqlite/store_file.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "shared/storage/sqlite/errors.h"

namespace orders::sqlite {
namespace {

struct statx status_of(const std::string& path, unsigned wanted) {
    struct statx status {};
    if (::statx(AT_FDCWD, path.c_str(), 0, wanted, &status) != 0) {
        throw replaced(path,
                       "the file is not there any more: " + std::string(std::strerror(errno)));
    }
    return status;
}

FileNumber number_of(const struct statx& status) {
    return {status.stx_dev_major, status.stx_dev_minor, status.stx_ino};
}

}  // namespace

StoreFile::StoreFile(std::string path)
    : path_(std::move(path)), number_(number_of(status_of(path_, STATX_INO))) {}

void StoreFile::require_in_place() const {
    (void)status_if_in_place(STATX_INO);
}

struct statx StoreFile::status() const {
    return status_if_in_place(STATX_BASIC_STATS);
}

struct statx StoreFile::status_if_in_place(unsigned wanted) const {
    const struct statx now = status_of(path_, wanted);
    if (number_of(now) != number_) throw replaced(path_, "another file lies there now");
    return now;
}

}  // namespace orders::sqlite
