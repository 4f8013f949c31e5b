#pragma once

// One thread that waits for many things at once: descriptors that become ready (epoll), times that
// come (a timerfd), and tasks that other threads post (an eventfd). Whatever it calls is called on
// its own thread, one after the other, so that state which belongs to the loop needs no lock.
//
// What it calls must not block, because everything else waits meanwhile, and must not throw: an
// exception ends the process.
//
// post() may be called from any thread, all else only on the loop's.

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "shared/os/file_descriptor.h"
#include "shared/os/mutex.h"
#include "shared/os/steady_time.h"
#include "shared/os/wake_signal.h"

namespace orders {

class EventLoop {
   public:
    using Task = std::function<void()>;
    using OnEvent = std::function<void(std::uint32_t events)>;
    struct TimerId {
        SteadyTime time;
        std::uint64_t number = 0;
        friend auto operator<=>(const TimerId&, const TimerId&) = default;
    };

    // Starts the thread. Throws std::system_error.
    EventLoop();
    // Runs what was posted, then ends the thread; timers and descriptors are forgotten. Not on the
    // loop's thread.
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    // Tasks run in the order in which they were posted.
    void post(Task task);

    // Calls `on_event` whenever one of `events` (EPOLLIN, EPOLLOUT, ...) holds for the descriptor,
    // with those that do; level-triggered. If the descriptor is watched already, the new call
    // replaces the old one. Throws std::system_error.
    void watch(int fd, std::uint32_t events, OnEvent on_event);
    // From here on its function is not called any more, even if the loop knows of an event already.
    // Call it before the descriptor is closed. Does nothing if the descriptor is not watched.
    void unwatch(int fd);

    // Calls the task once, as soon as it is that time; at the next turn of the loop if the time has
    // passed. Those of the same time are called in the order of call_at().
    TimerId call_at(SteadyTime time, Task task);
    // Does nothing if the timer has run.
    void cancel(const TimerId& timer);

   private:
    struct Watch {
        std::uint32_t generation;  // tells it from an earlier watch of the same number
        std::shared_ptr<const OnEvent> on_event;
    };

    void run();
    void wait_and_take_events();
    void take_event(std::uint64_t key, std::uint32_t events);
    void run_due_timers();
    // False if there was nothing to run.
    bool run_posted();
    // How long epoll may wait: not at all if a timer is due. Sets the timerfd if it must.
    [[nodiscard]] int wait_ms();

    // Constant after construction.
    FileDescriptor epoll_;
    FileDescriptor timer_;
    WakeSignal posted_signal_;

    Mutex mutex_;
    std::vector<Task> posted_ GUARDED_BY(mutex_);

    // Only the loop's thread.
    bool is_ending_ = false;
    std::unordered_map<int, Watch> watches_;
    std::uint32_t last_generation_ = 0;
    std::map<TimerId, Task> timers_;
    std::uint64_t last_timer_ = 0;
    SteadyTime timer_set_for_ = SteadyTime::max();  // never later than the first timer needs

    std::jthread thread_;  // last: it uses all of the above
};

}  // namespace orders
