#pragma once

// Does something if a piece of work takes longer than it should: says what it waits for, for
// instance, while a system call that cannot time out holds its thread.

#include <chrono>
#include <functional>
#include <stop_token>
#include <thread>
#include <utility>

#include "shared/os/sleep.h"

namespace orders {

// Belongs to one thread.
class Reminder {
   public:
    // `remind` is called once, on a thread of the reminder's own, if the reminder still lives
    // `after` this. It must not throw.
    Reminder(std::chrono::milliseconds after, std::function<void()> remind)
        : thread_([time = std::chrono::steady_clock::now() + after,
                   remind = std::move(remind)](const std::stop_token& stop) {
              sleep_until(stop, time);
              if (!stop.stop_requested()) remind();
          }) {}

   private:
    std::jthread thread_;  // its destructor ends the sleep
};

}  // namespace orders
