#include "shared/storage/sqlite/care/sole_use.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "shared/storage/sqlite/errors.h"

namespace orders::sqlite {
namespace {

StoreError in_use(const std::string& path, const std::string& purpose) {
    return unusable(purpose + " " + path, "a program has it open",
                    "stop every order-api and order-worker of this store first");
}

PresenceFile lone_presence(const std::string& path, const std::string& purpose) {
    PresenceFile presence(path);
    if (!presence.try_lock(PresenceFile::store_byte, PresenceFile::Hold::exclusive))
        throw in_use(path, purpose);
    return presence;
}

// SQLite locks these bytes of a database file, whatever is in it (sqlite.org/fileformat2.html, "The
// Lock-Byte Page"): a connection that uses a write-ahead log keeps a shared lock on some of them
// until it is closed. Locked as a whole, they keep out every reader and writer.
FileDescriptor locked_database(const std::string& path, const std::string& purpose) {
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (!file.is_open()) {
        if (errno == ENOENT) return file;
        throw unusable("open " + path, std::strerror(errno),
                       "do it as the user that the programs run as, not as the user " +
                           std::to_string(::geteuid()));
    }
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = 0x40000000;
    lock.l_len = 512;
    if (::fcntl(file.get(), F_OFD_SETLK, &lock) == 0) return file;
    if (errno == EAGAIN || errno == EACCES) throw in_use(path, purpose);
    throw unusable("lock " + path, std::strerror(errno), "keep the database on a local disk");
}

}  // namespace

SoleUse::SoleUse(const std::string& database_path, const std::string& purpose)
    : presence_(lone_presence(database_path, purpose)),
      database_(locked_database(database_path, purpose)),
      turnstile_(database_path),
      pass_(turnstile_.enter()) {}

}  // namespace orders::sqlite
