#include "shared/storage/sqlite/presence_file.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include "shared/storage/sqlite/companion_file.h"
#include "shared/storage/sqlite/errors.h"

namespace orders::sqlite {
namespace {

struct flock lock_on(std::int64_t byte, short type) {
    struct flock lock {};  // l_pid must be 0
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = byte;
    lock.l_len = 1;
    return lock;
}

[[noreturn]] void fail() {
    throw unusable("lock the presence file", std::strerror(errno),
                   "keep the database on a local disk");
}

// Whether a lock of that type could not be had now.
bool is_locked_by_others(int file, std::int64_t byte, short type = F_WRLCK) {
    struct flock lock = lock_on(byte, type);
    if (::fcntl(file, F_OFD_GETLK, &lock) != 0) fail();
    return lock.l_type != F_UNLCK;
}

std::string path_beside(const std::string& database_path) {
    return database_path + ".presence";
}

}  // namespace

PresenceFile::PresenceFile(const std::string& database_path)
    : file_(open_companion_file(path_beside(database_path))) {}

bool PresenceFile::try_lock(std::int64_t byte, Hold hold) {
    struct flock lock = lock_on(byte, hold == Hold::shared ? F_RDLCK : F_WRLCK);
    if (::fcntl(file_.get(), F_OFD_SETLK, &lock) == 0) return true;
    if (errno == EAGAIN || errno == EACCES) return false;
    fail();
}

void PresenceFile::unlock(std::int64_t byte) {
    struct flock lock = lock_on(byte, F_UNLCK);
    if (::fcntl(file_.get(), F_OFD_SETLK, &lock) != 0) fail();
}

bool PresenceFile::is_locked_by_another(std::int64_t byte) const {
    return is_locked_by_others(file_.get(), byte);
}

bool PresenceFile::is_locked(const std::string& database_path, std::int64_t byte) {
    const FileDescriptor file(::open(path_beside(database_path).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) return errno != ENOENT;
    return is_locked_by_others(file.get(), byte);
}

bool PresenceFile::is_locked_exclusively(const std::string& database_path, std::int64_t byte) {
    const FileDescriptor file(::open(path_beside(database_path).c_str(), O_RDONLY | O_CLOEXEC));
    return file.is_open() && is_locked_by_others(file.get(), byte, F_RDLCK);
}

}  // namespace orders::sqlite
