#include "api/http/connection_park.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <cerrno>
#include <chrono>
#include <ctime>
#include <system_error>

namespace orders {
namespace {

// What epoll reports besides connections, whose ids count from 1 and never come this far.
constexpr std::uint64_t timer_key = UINT64_MAX;
constexpr std::uint64_t shut_key = UINT64_MAX - 1;
constexpr std::uint64_t passed_on_key = UINT64_MAX - 2;

bool awaits_request(HttpConnection::Phase phase) {
    return phase == HttpConnection::Phase::idle || phase == HttpConnection::Phase::receiving;
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

ConnectionPark::ConnectionPark(const FramingLimits& limits, std::size_t max_parked_bytes)
    : limits_(limits),
      max_parked_bytes_(max_parked_bytes),
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

HttpConnection& ConnectionPark::admit(FileDescriptor socket) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t id = ++last_id_;
    watch(epoll_, EPOLL_CTL_ADD, socket.get(), EPOLLONESHOT, id);
    auto connection = std::make_unique<HttpConnection>(id, std::move(socket), limits_);
    return *places_.emplace(id, Place{std::move(connection)}).first->second.connection;
}

std::size_t ConnectionPark::size() const {
    const std::lock_guard lock(mutex_);
    return places_.size();
}

ConnectionPark::Parking ConnectionPark::park(HttpConnection& connection) {
    const HttpConnection::Phase phase = connection.phase();
    const SteadyTime deadline = connection.deadline();
    if (std::chrono::steady_clock::now() >= deadline) return Parking::overdue;

    const std::lock_guard lock(mutex_);
    if (is_draining_ && awaits_request(phase)) return Parking::draining;
    const std::size_t bytes = connection.buffered_bytes();
    if (bytes > max_parked_bytes_ - parked_bytes_) return Parking::out_of_room;

    // Under the lock, because the next to hold the lock may take the connection and close it.
    watch(epoll_, EPOLL_CTL_MOD, connection.fd(),
          (phase == HttpConnection::Phase::sending ? EPOLLOUT : EPOLLIN) | EPOLLONESHOT,
          connection.id());
    Place& place = places_.at(connection.id());
    set_deadline(connection.id(), place, deadline);
    place.parked_bytes = bytes;
    parked_bytes_ += bytes;
    return Parking::parked;
}

void ConnectionPark::close(HttpConnection& connection) {
    decltype(places_)::node_type removed;  // closed after the lock: that takes it out of epoll, too
    const std::lock_guard lock(mutex_);
    removed = places_.extract(connection.id());
    if (places_.empty()) became_empty_.notify_all();
}

void ConnectionPark::pass_on(HttpConnection& connection) {
    bool is_first = false;
    {
        const std::lock_guard lock(mutex_);
        is_first = passed_on_.empty();
        passed_on_.push_back(&connection);
    }
    // One thread is woken for all that follow; threads that come back by themselves help it.
    if (is_first) passed_on_signal_.notify();
}

HttpConnection* ConnectionPark::next() {
    while (true) {
        if (HttpConnection* const connection = take_passed_on()) return connection;
        epoll_event event{};
        const int count = ::epoll_wait(epoll_.get(), &event, 1, -1);
        if (count < 0 && errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "epoll_wait");
        }
        if (count != 1) continue;
        if (event.data.u64 == shut_key) return nullptr;
        if (event.data.u64 == passed_on_key) continue;
        HttpConnection* const connection =
            event.data.u64 == timer_key ? take_overdue() : take_ready(event.data.u64);
        if (connection != nullptr) return connection;
    }
}

HttpConnection* ConnectionPark::take_passed_on() {
    const std::lock_guard lock(mutex_);
    if (passed_on_.empty()) return nullptr;
    HttpConnection* const connection = passed_on_.front();
    passed_on_.pop_front();
    return connection;
}

HttpConnection* ConnectionPark::take_ready(std::uint64_t id) {
    const std::lock_guard lock(mutex_);
    const auto found = places_.find(id);
    if (found == places_.end() || !found->second.parked_until) return nullptr;
    return &take(id, found->second);
}

// One at a time: where more are due, the timer goes off again at once, for this thread or another.
HttpConnection* ConnectionPark::take_overdue() {
    const std::lock_guard lock(mutex_);
    timer_time_ = SteadyTime::max();
    HttpConnection* overdue = nullptr;
    if (!deadlines_.empty() && deadlines_.begin()->first <= std::chrono::steady_clock::now()) {
        const std::uint64_t id = deadlines_.begin()->second;
        overdue = &take(id, places_.at(id));
    }
    if (!deadlines_.empty()) set_timer(deadlines_.begin()->first);
    return overdue;
}

HttpConnection& ConnectionPark::take(std::uint64_t id, Place& place) {
    deadlines_.erase({*place.parked_until, id});
    place.parked_until.reset();
    parked_bytes_ -= std::exchange(place.parked_bytes, 0);
    place.connection->expect_input();
    return *place.connection;
}

void ConnectionPark::start_draining() {
    const std::lock_guard lock(mutex_);
    is_draining_ = true;
    const SteadyTime now = std::chrono::steady_clock::now();
    for (auto& [id, place] : places_) {
        if (place.parked_until && awaits_request(place.connection->phase())) {
            deadlines_.erase({*place.parked_until, id});
            set_deadline(id, place, now);
        }
    }
}

bool ConnectionPark::wait_until_empty(SteadyTime deadline) {
    std::unique_lock lock(mutex_);
    return became_empty_.wait_until(lock, deadline, [this] { return places_.empty(); });
}

void ConnectionPark::set_deadline(std::uint64_t id, Place& place, SteadyTime deadline) {
    deadlines_.emplace(deadline, id);
    place.parked_until = deadline;
    if (deadline < timer_time_) set_timer(deadline);
}

void ConnectionPark::set_timer(SteadyTime time) {
    using std::chrono::nanoseconds;
    using std::chrono::seconds;
    const auto since_boot = time.time_since_epoch();  // the steady clock is CLOCK_MONOTONIC
    const auto whole_seconds = std::chrono::duration_cast<seconds>(since_boot);
    itimerspec when{};
    when.it_value.tv_sec = whole_seconds.count();
    when.it_value.tv_nsec = nanoseconds(since_boot - whole_seconds).count();
    ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
    timer_time_ = time;
}

}  // namespace orders
