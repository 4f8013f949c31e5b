#pragma once

// Owns all connections, and waits for them. A connection is either parked here, and costs no
// thread, or held: by exactly one thread, or by an answer that is awaited. next() hands it to
// whichever thread asks first; who holds it gives it back with park(), pass_on() or close(), and
// must not touch it any more.
//
// Waiting is epoll in one-shot mode, and one timer that is set for the earliest deadline: with
// nothing parked there is nothing to wake up for.
//
// All functions may be called from any thread; those that take a connection, only from the thread
// that holds it.

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "api/http/connection.h"
#include "api/http/request_scanner.h"
#include "shared/os/file_descriptor.h"
#include "shared/os/wake_signal.h"

namespace orders {

class ConnectionPark {
   public:
    // `max_parked_bytes` bounds what parked connections may keep in memory together.
    ConnectionPark(const FramingLimits& limits, std::size_t max_parked_bytes);

    // Takes a non-blocking socket in. The calling thread holds the connection.
    [[nodiscard]] HttpConnection& admit(FileDescriptor socket);
    [[nodiscard]] std::size_t size() const;

    enum class Parking {
        parked,       // some other thread may have the connection already
        overdue,      // refused: its deadline has passed
        draining,     // refused: it waits for its client to say something, and we are about to stop
        out_of_room,  // refused: parked connections hold too many bytes
    };
    // Parks the connection until its client does what its phase waits for, or its deadline passes.
    [[nodiscard]] Parking park(HttpConnection& connection);
    void close(HttpConnection& connection);
    // Gives the connection to whichever thread asks next.
    void pass_on(HttpConnection& connection);

    // The next connection that has something to do; null once the park is shut.
    [[nodiscard]] HttpConnection* next();

    // From here on no connection waits for a request: those that do are handed out by next().
    void start_draining();
    // Waits until the last connection is closed; false where some are left at `deadline`.
    [[nodiscard]] bool wait_until_empty(SteadyTime deadline);
    void shut() noexcept { shut_.notify(); }

   private:
    struct Place {
        std::unique_ptr<HttpConnection> connection;
        std::optional<SteadyTime> parked_until = std::nullopt;  // empty while it is held
        std::size_t parked_bytes = 0;
    };

    HttpConnection* take_passed_on();
    HttpConnection* take_ready(std::uint64_t id);
    HttpConnection* take_overdue();
    HttpConnection& take(std::uint64_t id, Place& place);
    void set_deadline(std::uint64_t id, Place& place, SteadyTime deadline);
    void set_timer(SteadyTime time);

    // Constant after construction.
    FramingLimits limits_;
    std::size_t max_parked_bytes_;
    FileDescriptor epoll_;
    FileDescriptor timer_;
    WakeSignal shut_;
    WakeSignal passed_on_signal_;

    // Guarded by mutex_. What epoll reports is believed only of connections that are parked: one
    // that was taken because of its deadline may be reported for a while yet.
    mutable std::mutex mutex_;
    std::condition_variable became_empty_;
    std::unordered_map<std::uint64_t, Place> places_;
    std::set<std::pair<SteadyTime, std::uint64_t>> deadlines_;  // of the parked ones
    std::deque<HttpConnection*> passed_on_;
    SteadyTime timer_time_ = SteadyTime::max();
    std::size_t parked_bytes_ = 0;
    std::uint64_t last_id_ = 0;
    bool is_draining_ = false;
};

}  // namespace orders
