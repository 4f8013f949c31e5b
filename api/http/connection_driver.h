#pragma once

// Takes connections through their life (drawn in connection.h): reads requests, has them answered,
// sends the answers, and parks the connection whenever there is nothing to do for it but wait. A
// few threads in carry_on() serve any number of connections; a client that is slow to send or to
// read holds none of them.
//
// What the answers say is the responder's business; it is called by several threads at a time, with
// requests that have arrived in full. While an answer is awaited, the connection belongs to the
// reply (reply.h) and costs no thread.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "api/http/connection.h"
#include "api/http/connection_park.h"
#include "api/http/reply.h"
#include "api/http/request_scanner.h"
#include "api/http/traffic.h"
#include "shared/log/log_pace.h"
#include "shared/os/file_descriptor.h"
#include "shared/os/mutex.h"
#include "shared/os/steady_time.h"

namespace orders::http {

class Responder {
   public:
    virtual ~Responder() = default;
    // Gives the reply, now or later. The request is valid until this returns.
    virtual void answer(const FramedRequest& request, Reply reply) const = 0;
};

struct ConnectionLimits {
    FramingLimits framing;
    std::size_t max_connections = 0;
    std::size_t max_buffered_bytes = 0;
    std::size_t max_stream_bytes = 0;
    bool is_access_logged = false;
    std::chrono::milliseconds transfer_limit{0};
    std::chrono::milliseconds idle_limit{0};
};

// All functions may be called from any thread.
class ConnectionDriver final : private ConnectionKeeper {
   public:
    // How many connections beyond the limit may be told so at a time; any more are closed silently.
    static constexpr std::size_t max_turned_away = 32;

    // The responder must outlive the last carry_on(); this object, the last reply and stream as
    // well; the traffic, in which it counts what it does, this object.
    ConnectionDriver(const ConnectionLimits& limits, const Responder& responder, Traffic& traffic);

    // Takes in a socket that was just accepted. Never waits. A connection beyond the limit is told
    // so and closed.
    void admit(FileDescriptor socket) noexcept;

    // The work of a handler thread: returns after end().
    void carry_on();

    // From here on every answer closes its connection. All else goes on as before.
    void announce_stop() noexcept { closes_with_answers_ = true; }
    // From here on streams end, too.
    void stop() noexcept {
        announce_stop();
        is_stopping_ = true;
    }
    // Ends the connections that no request has arrived on, and the streams, and waits until the
    // others have got their answers; false if some have not at `deadline`.
    [[nodiscard]] bool drain(SteadyTime deadline);
    void cut_off() { park_.cut_off(); }
    void end() noexcept { park_.shut(); }
    [[nodiscard]] std::size_t open_connections() { return park_.size(); }

   private:
    void count_awaited(bool is_awaited) noexcept override {
        awaited_answers_ += is_awaited ? 1 : -1;
    }
    void send_answer(Connection& connection) noexcept override;
    void wake(std::uint64_t connection_id) noexcept override;
    [[nodiscard]] std::size_t max_stream_bytes() const noexcept override {
        return limits_.max_stream_bytes;
    }

    void serve(Connection& connection) noexcept;
    // Each takes a connection a step further. False once it is parked, closed, or waits for its
    // answer: from then on it belongs to somebody else, or is gone.
    bool advance(Connection& connection);
    bool advance_receiving(Connection& connection);
    bool advance_sending(Connection& connection);
    bool advance_streaming(Connection& connection);
    bool advance_lingering(Connection& connection);
    bool park(Connection& connection, Connection::Phase phase);
    bool close(Connection& connection);

    bool answer(Connection& connection, const FramedRequest& request);
    // Does not go on to the next request.
    void send_late_answer(Connection& connection);
    void queue_answer(Connection& connection);
    void start_stream(Connection& connection, StreamStart start);
    void note_loss(const std::exception& error) noexcept;
    static void queue(Connection& connection, std::string bytes);
    // A client that is turned away is counted, unless the server is only about to stop.
    void refuse(Connection& connection, int status, std::string_view detail,
                std::optional<TurnedAway> reason);

    // Constant after construction.
    const ConnectionLimits limits_;
    const Responder& responder_;
    Traffic& traffic_;

    // Synchronise themselves.
    ConnectionPark park_;
    // That are about to come. Below zero if one is set aside before its handler has returned.
    std::atomic<std::ptrdiff_t> awaited_answers_ = 0;
    std::atomic<bool> closes_with_answers_ = false;
    std::atomic<bool> is_stopping_ = false;

    Mutex losses_mutex_;
    log::LogPace losses_ GUARDED_BY(losses_mutex_);
};

}  // namespace orders::http
