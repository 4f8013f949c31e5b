#pragma once

// Wakes a thread that waits in poll() or epoll, from any other: a semaphore with a file descriptor.
// notify() happens before the return of the clear() that sees it.

#include "shared/os/file_descriptor.h"

namespace orders {

class WakeSignal {
   public:
    // Throws std::system_error if the process is out of descriptors.
    WakeSignal();
    // Any thread.
    void notify() noexcept;
    // Readable while notified; for poll().
    [[nodiscard]] int fd() const noexcept { return event_.get(); }
    // Forgets the notifications so far; by the waiting thread, before it looks at what changed.
    void clear() noexcept;

   private:
    FileDescriptor event_;
};

}  // namespace orders
