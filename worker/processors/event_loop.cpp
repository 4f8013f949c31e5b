#include "worker/processors/event_loop.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace orders {
namespace {

// Generation 0 is for what belongs to the loop itself.
std::uint64_t key_of(int fd, std::uint32_t generation) {
    return (std::uint64_t{generation} << 32U) | static_cast<std::uint32_t>(fd);
}

void control(int epoll, int operation, int fd, std::uint32_t events, std::uint64_t key) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = key;
    if (::epoll_ctl(epoll, operation, fd, &event) != 0) {
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    }
}

void set_timer(int timer, SteadyTime time) {
    const auto since_boot = time.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since_boot);
    itimerspec setting{};
    setting.it_value.tv_sec = seconds.count();
    setting.it_value.tv_nsec = std::chrono::nanoseconds(since_boot - seconds).count();
    // Fails for a time that no clock has, and none comes from one.
    ::timerfd_settime(timer, TFD_TIMER_ABSTIME, &setting, nullptr);
}

}  // namespace

EventLoop::EventLoop()
    : epoll_(FileDescriptor::opened(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      timer_(FileDescriptor::opened(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
                                    "timerfd_create")) {
    for (const int fd : {posted_signal_.fd(), timer_.get()}) {
        control(epoll_.get(), EPOLL_CTL_ADD, fd, EPOLLIN, key_of(fd, 0));
    }
    thread_ = std::jthread([this] { run(); });
}

EventLoop::~EventLoop() {
    post([this] { is_ending_ = true; });
    thread_.join();
}

void EventLoop::post(Task task) {
    bool is_first = false;
    {
        const MutexLock lock(mutex_);
        is_first = posted_.empty();
        posted_.push_back(std::move(task));
    }
    if (is_first) posted_signal_.notify();
}

void EventLoop::watch(int fd, std::uint32_t events, OnEvent on_event) {
    auto shared = std::make_shared<const OnEvent>(std::move(on_event));
    if (const auto found = watches_.find(fd); found != watches_.end()) {
        control(epoll_.get(), EPOLL_CTL_MOD, fd, events, key_of(fd, found->second.generation));
        found->second.on_event = std::move(shared);
        return;
    }
    if (++last_generation_ == 0) ++last_generation_;
    control(epoll_.get(), EPOLL_CTL_ADD, fd, events, key_of(fd, last_generation_));
    watches_.emplace(fd, Watch{last_generation_, std::move(shared)});
}

void EventLoop::unwatch(int fd) {
    if (watches_.erase(fd) > 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

EventLoop::TimerId EventLoop::call_at(SteadyTime time, Task task) {
    const TimerId timer{time, ++last_timer_};
    timers_.emplace(timer, std::move(task));
    return timer;
}

void EventLoop::cancel(const TimerId& timer) {
    timers_.erase(timer);
}

void EventLoop::run() {
    while (true) {
        wait_and_take_events();
        run_due_timers();
        while (run_posted() && is_ending_) {
        }
        if (is_ending_) return;
    }
}

void EventLoop::wait_and_take_events() {
    std::array<epoll_event, 256> events{};
    const int count =
        ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), wait_ms());
    for (int at = 0; at < count; ++at) {
        const epoll_event& event = events.at(static_cast<std::size_t>(at));
        take_event(event.data.u64, event.events);
    }
}

int EventLoop::wait_ms() {
    if (timers_.empty()) return -1;
    const SteadyTime first = timers_.begin()->first.time;
    if (first <= std::chrono::steady_clock::now()) return 0;
    // One that is set for an earlier time than is needed wakes the loop once for nothing, which is
    // cheaper than to set it anew each time that the first timer is cancelled.
    if (first < timer_set_for_) {
        timer_set_for_ = first;
        set_timer(timer_.get(), first);
    }
    return -1;
}

void EventLoop::take_event(std::uint64_t key, std::uint32_t events) {
    const int fd = static_cast<int>(key & 0xffffffffU);
    const auto generation = static_cast<std::uint32_t>(key >> 32U);
    if (generation == 0 && fd == timer_.get()) {
        std::uint64_t count = 0;
        [[maybe_unused]] const ssize_t taken = ::read(fd, &count, sizeof count);
        timer_set_for_ = SteadyTime::max();
    } else if (generation == 0) {
        posted_signal_.clear();
    } else if (const auto found = watches_.find(fd);
               found != watches_.end() && found->second.generation == generation) {
        const auto on_event = found->second.on_event;  // it may end its own watch
        (*on_event)(events);
    }
}

// Those that are set meanwhile have a turn of their own, so that a timer which sets another one for
// the same moment keeps nobody waiting.
void EventLoop::run_due_timers() {
    const auto now = std::chrono::steady_clock::now();
    std::vector<TimerId> due;
    for (const auto& [timer, task] : timers_) {
        if (timer.time > now) break;
        due.push_back(timer);
    }
    for (const TimerId& timer : due) {
        const auto found = timers_.find(timer);
        if (found == timers_.end()) continue;  // an earlier one has cancelled it
        const Task task = std::move(found->second);
        timers_.erase(found);
        task();
    }
}

bool EventLoop::run_posted() {
    std::vector<Task> tasks;
    {
        const MutexLock lock(mutex_);
        tasks.swap(posted_);
    }
    for (const Task& task : tasks) task();
    return !tasks.empty();
}

}  // namespace orders
