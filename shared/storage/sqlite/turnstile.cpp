#include "shared/storage/sqlite/turnstile.h"

#include <sys/file.h>

#include <cerrno>
#include <cstring>

#include "shared/storage/sqlite/companion_file.h"
#include "shared/storage/sqlite/errors.h"
#include "shared/storage/sqlite/safeguards.h"

namespace orders::sqlite {
namespace {

void lock(int file) {
    while (::flock(file, LOCK_EX) != 0) {
        if (errno == EINTR) continue;
        throw unusable("lock the database for writing", std::strerror(errno), companion_hint);
    }
}

}  // namespace

Turnstile::Turnstile(const std::string& database_path)
    : next_(open_companion_file(database_path + ".turnstile-a")),
      writing_(open_companion_file(database_path + ".turnstile-b")) {}

Turnstile::Pass Turnstile::enter() {
    if (!is_on(Safeguard::turnstile)) return Pass(-1);
    lock(next_.get());
    const Pass being_next(next_.get());
    lock(writing_.get());
    return Pass(writing_.get());
}

bool Turnstile::is_taken() {
    if (::flock(writing_.get(), LOCK_EX | LOCK_NB) != 0) return true;
    const Pass for_a_moment(writing_.get());
    return false;
}

Turnstile::Pass::~Pass() {
    if (file_ >= 0) ::flock(file_, LOCK_UN);
}

}  // namespace orders::sqlite
