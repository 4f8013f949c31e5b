#include "shared/storage/sqlite/turnstile.h"

#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "shared/log/log.h"
#include "shared/os/reminder.h"
#include "shared/storage/sqlite/companion_file.h"
#include "shared/storage/sqlite/errors.h"
#include "shared/storage/sqlite/safeguards.h"

namespace orders::sqlite {
namespace {

constexpr std::chrono::seconds silent_wait{1};

void lock(int file) {
    while (::flock(file, LOCK_EX) != 0) {
        if (errno == EINTR) continue;
        throw unusable("lock the database for writing", std::strerror(errno), companion_hint());
    }
}

}  // namespace

Turnstile::Turnstile(const std::string& database_path)
    : database_path_(database_path),
      next_(open_companion_file(database_path + ".turnstile-a")),
      writing_(open_companion_file(database_path + ".turnstile-b")) {}

Turnstile::Pass Turnstile::enter() {
    if (!is_on(Safeguard::turnstile)) return Pass(-1);
    lock(next_.get());
    const Pass being_next(next_.get());
    lock(writing_.get());
    return Pass(writing_.get());
}

Turnstile::Pass Turnstile::enter_to_open() {
    // The wait has no limit: who has the turn may be bringing a large store up to date.
    const Reminder reminder(silent_wait, [this] {
        log::warn(
            "waiting for another process's write",
            {{"file", database_path_}, {"hint", "it may be upgrading the store, or be frozen"}});
    });
    return enter();
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
