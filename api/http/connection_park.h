#pragma once

// Owns all connections, and waits for them. A connection is either parked here, and costs no
// thread, or held: by exactly one thread, or by an answer that is awaited. next() hands it to
// whichever thread asks first; the thread that holds it gives it back with park(), pass_on() or
// close(), and must not touch it any more.
//
// Waiting is epoll, edge-triggered, and one timer that is set for the earliest deadline: with
// nothing parked there is nothing to wake up for. News of a connection that is held is kept for it:
// park() then refuses, because there is something to do already.
//
// All functions may be called from any thread; those that take a connection, only from the thread
// that holds it.

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "api/http/connection.h"
#include "api/http/request_scanner.h"
#include "api/http/traffic.h"
#include "shared/os/file_descriptor.h"
#include "shared/os/mutex.h"
#include "shared/os/steady_time.h"
#include "shared/os/wake_signal.h"

namespace orders::http {

class ConnectionPark {
   public:
    // `max_buffered_bytes` bounds what parked connections, and those whose answers are awaited, may
    // keep in memory together.
    // The traffic, in which connections are counted, must outlive this.
    ConnectionPark(const FramingLimits& limits, std::size_t max_buffered_bytes, Traffic& traffic);

    // Takes a non-blocking socket in. The calling thread holds the connection.
    [[nodiscard]] Connection& admit(FileDescriptor socket);
    [[nodiscard]] std::size_t size();

    enum class Parking {
        parked,       // another thread may have the connection already
        has_news,     // refused: something has happened to it meanwhile
        overdue,      // refused: its deadline has passed
        draining,     // refused: it waits for something that may never come, and we are stopping
        out_of_room,  // refused: the connections hold too many bytes together
    };
    // Parks the connection until its client does what its phase waits for, its deadline passes, or
    // somebody wakes it.
    [[nodiscard]] Parking park(Connection& connection);
    // Counts what the connection keeps in memory while its answer is awaited; false, and nothing
    // counted, if that is too much. The connection stays held.
    [[nodiscard]] bool count_held(Connection& connection);
    // Has what the client does noticed again while the connection is held, after it was parked to
    // send.
    void watch_input(Connection& connection);
    void close(Connection& connection);
    // Gives the connection to whichever thread asks next.
    void pass_on(Connection& connection);
    // Has a thread look at the connection of this id, if it is still there.
    void wake(std::uint64_t id);

    // The next connection that has something to do; null once the park is shut.
    [[nodiscard]] Connection* next();

    // From here on no connection waits for a request or in a stream: those that do are handed out
    // by next().
    void start_draining();
    // Waits until the last connection is closed; false if some are left at `deadline`.
    [[nodiscard]] bool wait_until_empty(SteadyTime deadline);
    // Ends every connection for its client, including those that are held.
    void cut_off();
    void shut() noexcept { shut_.notify(); }

   private:
    struct Place {
        std::unique_ptr<Connection> connection;
        std::optional<SteadyTime> parked_until = std::nullopt;  // empty while it is held
        bool has_news = false;                                  // since it is held
        std::size_t counted_bytes = 0;
    };

    // Null if there is none, or if the others have a turn: then `wait_ms`, which is how long epoll
    // may be waited for, becomes 0.
    Connection* take_passed_on(int& wait_ms);
    Connection* take_ready(std::uint64_t id, std::uint32_t events);
    Connection* take_overdue();
    Connection& take(Place& place) REQUIRES(mutex_);
    [[nodiscard]] bool count(Place& place, std::size_t bytes) REQUIRES(mutex_);
    // True if a thread must be told.
    [[nodiscard]] bool queue_passed_on(Connection& connection) REQUIRES(mutex_);
    void set_deadline(std::uint64_t id, Place& place, SteadyTime deadline) REQUIRES(mutex_);
    void set_timer(SteadyTime time) REQUIRES(mutex_);

    // Constant after construction.
    FramingLimits limits_;
    std::size_t max_buffered_bytes_;
    Traffic& traffic_;
    FileDescriptor epoll_;
    FileDescriptor timer_;
    WakeSignal shut_;
    WakeSignal passed_on_signal_;

    Mutex mutex_;
    std::condition_variable_any became_empty_;
    std::unordered_map<std::uint64_t, Place> places_ GUARDED_BY(mutex_);
    std::set<std::pair<SteadyTime, std::uint64_t>> deadlines_ GUARDED_BY(mutex_);  // of the parked
    std::deque<Connection*> passed_on_ GUARDED_BY(mutex_);
    int passed_on_turns_ GUARDED_BY(mutex_) = 0;
    SteadyTime timer_time_ GUARDED_BY(mutex_) = SteadyTime::max();
    std::size_t counted_bytes_ GUARDED_BY(mutex_) = 0;
    std::uint64_t last_id_ GUARDED_BY(mutex_) = 0;
    bool is_draining_ GUARDED_BY(mutex_) = false;
};

}  // namespace orders::http
