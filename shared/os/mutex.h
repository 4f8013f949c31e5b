#pragma once

// A mutex that clang's thread-safety analysis knows: what it guards is marked GUARDED_BY(mutex_),
// a function that needs it held is marked REQUIRES(mutex_), and `./dev lint` builds with
// -Wthread-safety, which makes using either without the lock an error. With g++ the marks mean
// nothing. (https://clang.llvm.org/docs/ThreadSafetyAnalysis.html)
//
//     MutexLock lock(mutex_);
//     while (queue_.empty()) work_.wait(lock);
//
// Waiting is done in such a loop, with std::condition_variable_any: the analysis does not look
// into the predicate that wait() could be given.

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define ORDERS_THREAD_SAFETY(attribute) __attribute__((attribute))
#else
#define ORDERS_THREAD_SAFETY(attribute)
#endif

#define GUARDED_BY(mutex) ORDERS_THREAD_SAFETY(guarded_by(mutex))
#define REQUIRES(...) ORDERS_THREAD_SAFETY(requires_capability(__VA_ARGS__))

namespace orders {

class ORDERS_THREAD_SAFETY(capability("mutex")) Mutex {
   public:
    void lock() ORDERS_THREAD_SAFETY(acquire_capability()) { mutex_.lock(); }
    void unlock() ORDERS_THREAD_SAFETY(release_capability()) { mutex_.unlock(); }

   private:
    std::mutex mutex_;
};

// Holds the mutex from construction to destruction, but for the time between unlock() and lock().
class ORDERS_THREAD_SAFETY(scoped_lockable) MutexLock {
   public:
    explicit MutexLock(Mutex& mutex) ORDERS_THREAD_SAFETY(acquire_capability(mutex))
        : mutex_(mutex) {
        mutex_.lock();
    }
    ~MutexLock() ORDERS_THREAD_SAFETY(release_capability()) {
        if (is_locked_) mutex_.unlock();
    }
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

    void lock() ORDERS_THREAD_SAFETY(acquire_capability()) {
        mutex_.lock();
        is_locked_ = true;
    }
    void unlock() ORDERS_THREAD_SAFETY(release_capability()) {
        is_locked_ = false;
        mutex_.unlock();
    }

   private:
    Mutex& mutex_;
    bool is_locked_ = true;
};

}  // namespace orders
