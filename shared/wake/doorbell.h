#pragma once

// Wakes idle workers when there is work: a small file beside the store that a writer touches after
// a commit and that workers, in any process or container, watch with inotify.
//
// The bell makes things quick, never correct: a ring may be missed (a full inotify queue, a file
// system without inotify), so whoever watches also looks for work every now and then. It must be
// rung after the commit; watching the store's own files instead would wake before the commit is
// visible.

#include <atomic>
#include <string>

#include "shared/os/file_descriptor.h"

namespace orders {

[[nodiscard]] std::string doorbell_path(const std::string& store_location);

// ring() may be called from any thread.
class Doorbell {
   public:
    // Creates the file where it is missing. Throws std::system_error.
    explicit Doorbell(const std::string& path);
    // Never fails: a bell that cannot be rung is logged once, and polling goes on.
    void ring() noexcept;

   private:
    FileDescriptor file_;
    std::atomic<bool> has_complained_{false};
};

// Belongs to one thread.
class DoorbellWatch {
   public:
    // Creates the file where it is missing. Throws std::system_error.
    explicit DoorbellWatch(const std::string& path);
    // Readable once the bell has been rung; for poll().
    [[nodiscard]] int fd() const noexcept { return inotify_.get(); }
    // Forgets the rings so far. To be called before looking for work, never after.
    void clear() noexcept;

   private:
    FileDescriptor inotify_;
};

}  // namespace orders
