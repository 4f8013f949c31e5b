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
    // Readable once it has rung; for poll(). The same for as long as the watch lives.
    [[nodiscard]] virtual int fd() const noexcept = 0;
    // Forgets the rings so far. Call it before looking for work, never after.
    virtual void clear() noexcept = 0;
};

}  // namespace orders
