#pragma once

// A sleep that a stop request ends.

#include <condition_variable>
#include <stop_token>

#include "shared/os/mutex.h"
#include "shared/os/steady_time.h"

namespace orders {

// Returns at `time`, or when a stop is requested. Any thread may call it.
inline void sleep_until(const std::stop_token& stop, SteadyTime time) {
    Mutex mutex;
    std::condition_variable_any never_notified;
    MutexLock lock(mutex);
    never_notified.wait_until(lock, stop, time, [] { return false; });
}

}  // namespace orders
