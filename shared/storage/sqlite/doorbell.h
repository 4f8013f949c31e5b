#pragma once

// Wakes idle workers when there is work: a small file beside the database that a store touches
// after a commit and that workers, in any process or container, watch with inotify.
//
// The bell makes things quick, never correct: a ring may be missed (a full inotify queue, a file
// system without inotify), so a watcher also looks for work every now and then. It must be
// rung after the commit; watching the database's own files instead would wake before the commit is
// visible.

#include <string>

#include "shared/os/file_descriptor.h"
#include "shared/storage/work_watch.h"

namespace orders::sqlite {

// Belongs to one thread.
class Doorbell {
   public:
    // Creates the file if it is missing. Throws StoreError (unusable).
    explicit Doorbell(const std::string& database_path);
    // Never fails: a bell that cannot be rung is logged once, and polling goes on.
    void ring() noexcept;

   private:
    FileDescriptor file_;
    bool has_complained_ = false;
};

class DoorbellWatch final : public WorkWatch {
   public:
    // Creates the file if it is missing. Throws StoreError (unusable).
    explicit DoorbellWatch(const std::string& database_path);
    [[nodiscard]] int fd() const noexcept override { return inotify_.get(); }
    void clear() noexcept override;

   private:
    FileDescriptor inotify_;
};

}  // namespace orders::sqlite
