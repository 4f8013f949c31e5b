#include "shared/storage/sqlite/turnstile.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>

#include "shared/storage/sqlite/errors.h"
#include "shared/storage/sqlite/safeguards.h"

namespace orders::sqlite {
namespace {

StoreError cannot(const std::string& operation, int error) {
    return unusable(operation, std::strerror(error),
                    "the directory of the database must exist and be writable for this user");
}

FileDescriptor open_lock_file(const std::string& path) {
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (!file.is_open()) throw cannot("open " + path, errno);
    return file;
}

void lock(int file) {
    while (::flock(file, LOCK_EX) != 0) {
        if (errno != EINTR) throw cannot("lock the database for writing", errno);
    }
}

}  // namespace

Turnstile::Turnstile(const std::string& database_path)
    : next_(open_lock_file(database_path + ".turnstile-a")),
      writing_(open_lock_file(database_path + ".turnstile-b")) {}

Turnstile::Pass Turnstile::enter() {
    if (!is_on(Safeguard::turnstile)) return Pass(-1);
    lock(next_.get());
    const Pass being_next(next_.get());
    lock(writing_.get());
    return Pass(writing_.get());
}

Turnstile::Pass::~Pass() {
    if (file_ >= 0) ::flock(file_, LOCK_UN);
}

}  // namespace orders::sqlite
