#pragma once

// A program's stay in a store: it holds byte 0 of the presence file (presence_file.h) from before
// it opens anything until everything is closed, so that whoever comes knows whether it is alone.
//
// The first to come makes the store ready for all (store_identity.h), while the others wait. Every
// later one, in this process or another, shares the store with it. The last to leave may do what
// needs the store to itself.
//
// It also remembers which files lie at the store's names, because a program must not go on with
// files that are no longer there: others would work in another store under the same name.
//
// Everything that a Storage opens shares one Occupancy and must be closed before it. Any thread may
// call require_same_files() and note_failure().

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "shared/storage/sqlite/presence_file.h"
#include "shared/storage/sqlite/store_file.h"

namespace orders::sqlite {

class Occupancy {
   public:
    // Waits while another has the store to itself, which is logged if it takes more than a second.
    // `path` is store_path()'s. Throws StoreError: unusable also if a copy has closed the store.
    explicit Occupancy(const std::string& path);
    ~Occupancy();
    Occupancy(const Occupancy&) = delete;
    Occupancy& operator=(const Occupancy&) = delete;

    [[nodiscard]] const StoreFile& database() const noexcept { return database_; }
    [[nodiscard]] const StoreFile& log() const noexcept { return log_; }

    // Looks at all files of the store. Throws StoreError (replaced) if one of them is gone, or
    // another one.
    void require_same_files() const;

    // The store has failed in this process: its last one leaves the log as it is. After a sync that
    // failed, another one may succeed although what the first was to write is lost.
    void note_failure() noexcept { has_failed_ = true; }

   private:
    [[nodiscard]] PresenceFile enter() const;

    // Constant after construction.
    const std::string path_;
    PresenceFile presence_;
    const StoreFile database_;
    const StoreFile log_;
    const std::vector<StoreFile> others_;

    std::atomic<bool> has_failed_ = false;
};

// Whether a program has the store to itself, to make it ready for all (store_identity.h), or to
// leave it. Changes nothing.
[[nodiscard]] bool is_being_made_ready(const std::string& path);

// For those that only read: throws StoreError (unusable) if no program has the store open, and the
// log beside it belongs to another file. Waits some seconds while a program has the store to
// itself, then throws StoreError (busy). Changes nothing.
void require_own_log(const std::string& path);

}  // namespace orders::sqlite
