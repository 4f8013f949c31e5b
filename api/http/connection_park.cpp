#include "api/http/connection_park.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <cerrno>
#include <chrono>
#include <ctime>
#include <system_error>

namespace orders::http {
namespace {

using Phase = Connection::Phase;

// What epoll reports besides connections, whose ids count from 1 and never come this far.
constexpr std::uint64_t timer_key = UINT64_MAX;
constexpr std::uint64_t shut_key = UINT64_MAX - 1;
constexpr std::uint64_t passed_on_key = UINT64_MAX - 2;

constexpr int max_passed_on_in_a_row = 32;

constexpr std::uint32_t input_events = EPOLLIN | EPOLLRDHUP | EPOLLET;
constexpr std::uint32_t output_events = EPOLLOUT | EPOLLET;
constexpr std::uint32_t client_left_events = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

bool ends_with_the_server(Phase phase) {
    return phase == Phase::idle || phase == Phase::receiving || phase == Phase::streaming;
}

void watch(const FileDescriptor& epoll, int operation, int fd, std::uint32_t events,
           std::uint64_t key) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = key;
    if (::epoll_ctl(epoll.get(), operation, fd, &event) != 0) {
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    }
}

}  // namespace

ConnectionPark::ConnectionPark(const FramingLimits& limits, std::size_t max_buffered_bytes,
                               Traffic& traffic)
    : limits_(limits),
      max_buffered_bytes_(max_buffered_bytes),
      traffic_(traffic),
      epoll_(FileDescriptor::opened(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      timer_(FileDescriptor::opened(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
                                    "timerfd_create")) {
    // Edge-triggered, so that each time one goes off wakes one thread; they need not be read then,
    // because setting the timer again clears it, and each notification is an edge of its own. Being
    // shut wakes all threads, and for good.
    watch(epoll_, EPOLL_CTL_ADD, timer_.get(), EPOLLIN | EPOLLET, timer_key);
    watch(epoll_, EPOLL_CTL_ADD, passed_on_signal_.fd(), EPOLLIN | EPOLLET, passed_on_key);
    watch(epoll_, EPOLL_CTL_ADD, shut_.fd(), EPOLLIN, shut_key);
}

Connection& ConnectionPark::admit(FileDescriptor socket) {
    const MutexLock lock(mutex_);
    const std::uint64_t id = ++last_id_;
    watch(epoll_, EPOLL_CTL_ADD, socket.get(), input_events, id);
    auto connection = std::make_unique<Connection>(id, std::move(socket), limits_, traffic_);
    return *places_.emplace(id, Place{std::move(connection)}).first->second.connection;
}

std::size_t ConnectionPark::size() {
    const MutexLock lock(mutex_);
    return places_.size();
}

ConnectionPark::Parking ConnectionPark::park(Connection& connection) {
    const Phase phase = connection.phase();
    const SteadyTime deadline = connection.deadline();
    if (std::chrono::steady_clock::now() >= deadline) return Parking::overdue;

    const MutexLock lock(mutex_);
    if (is_draining_ && ends_with_the_server(phase)) return Parking::draining;
    Place& place = places_.at(connection.id());
    if (std::exchange(place.has_news, false)) {
        connection.expect_input();
        return Parking::has_news;
    }
    if (!count(place, connection.buffered_bytes())) return Parking::out_of_room;
    // Set anew each time, because that reports what is there already: room to send that came
    // meanwhile, or that was there all along. What the client sends on is no news until then.
    if (phase == Phase::sending) {
        watch(epoll_, EPOLL_CTL_MOD, connection.fd(), output_events, connection.id());
        connection.set_output_watched(true);
    } else if (connection.is_output_watched()) {
        watch_input(connection);
    }
    set_deadline(connection.id(), place, deadline);
    return Parking::parked;
}

void ConnectionPark::watch_input(Connection& connection) {
    watch(epoll_, EPOLL_CTL_MOD, connection.fd(), input_events, connection.id());
    connection.set_output_watched(false);
}

bool ConnectionPark::count_held(Connection& connection) {
    const MutexLock lock(mutex_);
    return count(places_.at(connection.id()), connection.buffered_bytes());
}

bool ConnectionPark::count(Place& place, std::size_t bytes) {
    const std::size_t others = counted_bytes_ - place.counted_bytes;
    if (bytes > max_buffered_bytes_ - others) return false;
    place.counted_bytes = bytes;
    counted_bytes_ = others + bytes;
    return true;
}

void ConnectionPark::close(Connection& connection) {
    decltype(places_)::node_type removed;  // closed after the lock: that takes it out of epoll, too
    const MutexLock lock(mutex_);
    removed = places_.extract(connection.id());
    counted_bytes_ -= removed.mapped().counted_bytes;
    if (places_.empty()) became_empty_.notify_all();
}

void ConnectionPark::pass_on(Connection& connection) {
    bool is_first = false;
    {
        const MutexLock lock(mutex_);
        is_first = queue_passed_on(connection);
    }
    if (is_first) passed_on_signal_.notify();
}

void ConnectionPark::wake(std::uint64_t id) {
    bool is_first = false;
    {
        const MutexLock lock(mutex_);
        const auto found = places_.find(id);
        if (found == places_.end()) return;
        if (found->second.parked_until) {
            // Queued first: that may fail, and it is still parked then.
            is_first = queue_passed_on(*found->second.connection);
            take(found->second);
        } else {
            found->second.has_news = true;
        }
    }
    if (is_first) passed_on_signal_.notify();
}

// One thread is woken for all that follow; threads that come back by themselves help it, and it
// calls for help before it does more than send an answer.
bool ConnectionPark::queue_passed_on(Connection& connection) {
    passed_on_.push_back(&connection);
    return passed_on_.size() == 1;
}

Connection* ConnectionPark::next() {
    while (true) {
        int wait_ms = -1;
        if (Connection* const connection = take_passed_on(wait_ms)) return connection;
        epoll_event event{};
        const int count = ::epoll_wait(epoll_.get(), &event, 1, wait_ms);
        if (count < 0 && errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "epoll_wait");
        }
        if (count != 1) continue;
        if (event.data.u64 == shut_key) return nullptr;
        if (event.data.u64 == passed_on_key) continue;
        Connection* const connection =
            event.data.u64 == timer_key ? take_overdue() : take_ready(event.data.u64, event.events);
        if (connection != nullptr) return connection;
    }
}

// They come first, but not always: a stream that is written to without a pause is passed on without
// end.
Connection* ConnectionPark::take_passed_on(int& wait_ms) {
    const MutexLock lock(mutex_);
    if (passed_on_.empty()) return nullptr;
    if (++passed_on_turns_ == max_passed_on_in_a_row) {
        passed_on_turns_ = 0;
        wait_ms = 0;
        return nullptr;
    }
    Connection* const connection = passed_on_.front();
    passed_on_.pop_front();
    if (!connection->has_late_answer() && !passed_on_.empty()) passed_on_signal_.notify();
    return connection;
}

Connection* ConnectionPark::take_ready(std::uint64_t id, std::uint32_t events) {
    const MutexLock lock(mutex_);
    const auto found = places_.find(id);
    if (found == places_.end()) return nullptr;
    Place& place = found->second;
    if ((events & client_left_events) != 0) place.connection->note_client_left();
    if (place.parked_until) return &take(place);
    place.has_news = true;
    return nullptr;
}

// One at a time: if more are due, the timer goes off again at once, for this thread or another.
Connection* ConnectionPark::take_overdue() {
    const MutexLock lock(mutex_);
    timer_time_ = SteadyTime::max();
    Connection* overdue = nullptr;
    if (!deadlines_.empty() && deadlines_.begin()->first <= std::chrono::steady_clock::now()) {
        overdue = &take(places_.at(deadlines_.begin()->second));
    }
    if (!deadlines_.empty()) set_timer(deadlines_.begin()->first);
    return overdue;
}

Connection& ConnectionPark::take(Place& place) {
    Connection& connection = *place.connection;
    deadlines_.erase({*place.parked_until, connection.id()});
    place.parked_until.reset();
    counted_bytes_ -= std::exchange(place.counted_bytes, 0);
    connection.expect_input();
    return connection;
}

void ConnectionPark::start_draining() {
    const MutexLock lock(mutex_);
    is_draining_ = true;
    const SteadyTime now = std::chrono::steady_clock::now();
    for (auto& [id, place] : places_) {
        if (place.parked_until && ends_with_the_server(place.connection->phase())) {
            // Without allocating: an exception would end the program while handlers still run.
            auto deadline = deadlines_.extract({*place.parked_until, id});
            deadline.value().first = now;
            deadlines_.insert(std::move(deadline));
            place.parked_until = now;
        }
    }
    if (!deadlines_.empty()) set_timer(deadlines_.begin()->first);
}

bool ConnectionPark::wait_until_empty(SteadyTime deadline) {
    MutexLock lock(mutex_);
    while (!places_.empty()) {
        if (became_empty_.wait_until(lock, deadline) == std::cv_status::timeout) {
            return places_.empty();
        }
    }
    return true;
}

void ConnectionPark::cut_off() {
    const MutexLock lock(mutex_);
    for (auto& [id, place] : places_) ::shutdown(place.connection->fd(), SHUT_RDWR);
}

void ConnectionPark::set_deadline(std::uint64_t id, Place& place, SteadyTime deadline) {
    deadlines_.emplace(deadline, id);
    place.parked_until = deadline;
    if (deadline < timer_time_) set_timer(deadline);
}

void ConnectionPark::set_timer(SteadyTime time) {
    using std::chrono::nanoseconds;
    using std::chrono::seconds;
    timer_time_ = time;
    if (time == SteadyTime::max()) return;            // nothing that is parked has a deadline
    const auto since_boot = time.time_since_epoch();  // the steady clock is CLOCK_MONOTONIC
    const auto whole_seconds = std::chrono::duration_cast<seconds>(since_boot);
    itimerspec when{};
    when.it_value.tv_sec = whole_seconds.count();
    when.it_value.tv_nsec = nanoseconds(since_boot - whole_seconds).count();
    ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

}  // namespace orders::http
