#pragma once

// Tells that there may be work: stores ring after each commit that makes orders claimable.
//
// It makes things quick, never correct: a ring may be missed, so a watcher also looks for work
// every now and then.

namespace orders {

// Belongs to one thread.
class WorkWatch {
   public:
    virtual ~WorkWatch() = default;
    // For poll(): readable once it has rung. -1, which poll() passes over, while it cannot ring;
    // clear() may change that, so ask anew before each wait.
    [[nodiscard]] virtual int fd() const noexcept = 0;
    // Forgets the rings so far, or tries now and then to mend a watch that cannot ring. Call it
    // before looking for work, never after.
    virtual void clear() noexcept = 0;
};

}  // namespace orders
