#include "shared/storage/sqlite/occupancy.h"

#include <chrono>
#include <thread>

#include "shared/log/log.h"
#include "shared/storage/sqlite/copy_mark.h"
#include "shared/storage/sqlite/errors.h"
#include "shared/storage/sqlite/fold_log.h"
#include "shared/storage/sqlite/log_ownership.h"
#include "shared/storage/sqlite/store_identity.h"

namespace orders::sqlite {
namespace {

using Hold = PresenceFile::Hold;
using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds look_interval{20};
constexpr std::chrono::seconds silence{1};
// For whoever only reads. Making a store ready takes moments, but for a large one of an older
// version.
constexpr std::chrono::seconds patience{10};

void wait_until_ready(const std::string& path) {
    const auto end = SteadyClock::now() + patience;
    while (is_being_made_ready(path)) {
        if (SteadyClock::now() >= end) {
            throw StoreError(StoreError::Kind::busy, StoreError::Cure::time, "read " + path,
                             "a program has it to itself, to make it ready or to replace it",
                             "try again when that is done");
        }
        std::this_thread::sleep_for(look_interval);
    }
}

}  // namespace

PresenceFile Occupancy::enter() const {
    PresenceFile presence(path_);
    bool has_said = false;
    for (const auto begin = SteadyClock::now();;) {
        if (presence.try_lock(PresenceFile::store_byte, Hold::exclusive)) {
            begin_generation(path_);
            require_open_store(path_);
            (void)presence.try_lock(PresenceFile::store_byte,
                                    Hold::shared);  // nothing can be in its way
            return presence;
        }
        if (presence.try_lock(PresenceFile::store_byte, Hold::shared)) return presence;
        if (!has_said && SteadyClock::now() - begin > silence) {
            log::info("waiting: another program has the store to itself", {{"db", path_}});
            has_said = true;
        }
        std::this_thread::sleep_for(look_interval);
    }
}

Occupancy::Occupancy(const std::string& path)
    : path_(path),
      presence_(enter()),
      database_(path),
      log_(path + "-wal"),
      others_{StoreFile(path + "-shm"), StoreFile(path + ".presence"),
              StoreFile(path + ".turnstile-a"), StoreFile(path + ".turnstile-b")} {}

// A stopped store is one file.
Occupancy::~Occupancy() {
    if (has_failed_) return;
    try {
        if (!presence_.try_lock(PresenceFile::store_byte, Hold::exclusive)) return;
        require_same_files();
        // Another store may have been copied over the file.
        if (has_foreign_log(path_)) return;
    } catch (const std::exception&) {  // what lies there is another's, or cannot be read
        return;
    }
    fold_log(path_);
}

void Occupancy::require_same_files() const {
    database_.require_in_place();
    log_.require_in_place();
    for (const StoreFile& file : others_) file.require_in_place();
}

bool is_being_made_ready(const std::string& path) {
    return PresenceFile::is_locked_exclusively(path, PresenceFile::store_byte);
}

void require_own_log(const std::string& path) {
    const auto is_occupied = [&] {
        wait_until_ready(path);
        return PresenceFile::is_locked(path, PresenceFile::store_byte);
    };
    // Asked once more, because a program that came meanwhile may have changed the generation.
    if (is_occupied() || !has_foreign_log(path) || is_occupied()) return;
    throw unusable("use " + path, "the write-ahead log beside it belongs to another file",
                   "start order-api or order-worker, which sets it aside");
}

}  // namespace orders::sqlite
