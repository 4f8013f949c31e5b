#include "api/housekeeping_thread.h"

#include <chrono>
#include <condition_variable>
#include <utility>

#include "shared/os/mutex.h"

namespace orders {

HousekeepingThread::HousekeepingThread(std::unique_ptr<HousekeepingStore> store,
                                       HousekeepingOptions options,
                                       std::function<void(const StoreError&)> on_fatal)
    : store_(std::move(store)),
      housekeeping_(*store_, std::move(options)),
      on_fatal_(std::move(on_fatal)),
      thread_([this](const std::stop_token& stop) { work(stop); }) {}

void HousekeepingThread::work(const std::stop_token& stop) {
    Mutex mutex;
    std::condition_variable_any stopped;
    const std::stop_callback wake(stop, [&] {
        // With the lock, because the thread must not begin to wait between its look and this.
        { const MutexLock lock(mutex); }
        stopped.notify_one();
    });
    try {
        while (!stop.stop_requested()) {
            housekeeping_.step(std::chrono::steady_clock::now());
            const SteadyTime next = housekeeping_.next_step();
            MutexLock lock(mutex);
            while (!stop.stop_requested() && std::chrono::steady_clock::now() < next) {
                stopped.wait_until(lock, next);
            }
        }
        housekeeping_.end();
    } catch (const StoreError& error) {
        on_fatal_(error);
    }
}

}  // namespace orders
