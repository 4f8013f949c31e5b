#include "api/http/connection_driver.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <exception>
#include <utility>
#include <variant>

#include "api/http/problem.h"
#include "api/http/request_log.h"
#include "shared/log/log.h"
#include "shared/text/reason.h"

namespace orders::http {
namespace {

using Phase = Connection::Phase;
using Io = Connection::Io;
using AfterOutput = Connection::AfterOutput;
using Parking = ConnectionPark::Parking;

constexpr std::chrono::seconds linger_limit{2};
// After this many steps with one connection the others get a turn: about 20 pipelined requests.
constexpr int max_steps_in_a_row = 64;
// While fewer answers than this are awaited, the thread that has one also sends it: waking a
// handler thread for it would take longer. With more, it has better things to do.
constexpr std::ptrdiff_t max_awaited_by_the_way = 4;

SteadyTime now() {
    return std::chrono::steady_clock::now();
}

TurnedAway why_turned_away(const FramingError& error) {
    const bool is_too_large = error.status == 413 || error.status == 414 || error.status == 431;
    return is_too_large ? TurnedAway::too_large : TurnedAway::framing;
}

Response made_by(const ResponseMaker& make, const RequestId& id) {
    try {
        return make();
    } catch (...) {
        log_failed_request(id);
    }
    return internal_error();
}

}  // namespace

ConnectionDriver::ConnectionDriver(const ConnectionLimits& limits, const Responder& responder,
                                   Traffic& traffic)
    : limits_(limits),
      responder_(responder),
      traffic_(traffic),
      park_(limits.framing, limits.max_buffered_bytes, traffic) {}

// For memory or descriptors running out; the responder catches its own exceptions.
void ConnectionDriver::note_loss(const std::exception& error) noexcept {
    const MutexLock lock(losses_mutex_);
    losses_.count();
    if (const auto times = losses_.take_due()) {
        log::error("connections dropped", {{"error", reason_of(error)}, {"times", *times}});
    }
}

void ConnectionDriver::admit(FileDescriptor socket) noexcept {
    Connection* connection = nullptr;
    try {
        const std::size_t open = park_.size();
        if (open >= limits_.max_connections + max_turned_away) {
            return traffic_.turn_away(TurnedAway::connections);
        }
        int yes = 1;
        ::ioctl(socket.get(), FIONBIO, &yes);
        ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        connection = &park_.admit(std::move(socket));
        if (open < limits_.max_connections) {
            // If its first bytes are here already, they are a handler thread's business.
            if (park(*connection, Phase::idle)) park_.pass_on(*connection);
            return;
        }
        refuse(*connection, 503, "The server has as many connections as it can serve.",
               TurnedAway::connections);
        while (advance(*connection)) {
        }
    } catch (const std::exception& error) {
        note_loss(error);
        if (connection != nullptr) park_.close(*connection);
    }
}

void ConnectionDriver::carry_on() {
    while (Connection* const connection = park_.next()) serve(*connection);
}

void ConnectionDriver::serve(Connection& connection) noexcept {
    try {
        if (connection.has_late_answer()) return send_late_answer(connection);
        for (int steps = 1; advance(connection); ++steps) {
            if (steps < max_steps_in_a_row || connection.phase() != Phase::active) continue;
            // Parked until its socket takes more bytes: it does already, but others come first.
            if (!park(connection, Phase::sending)) return;
        }
    } catch (const std::exception& error) {
        note_loss(error);
        park_.close(connection);
    }
}

bool ConnectionDriver::drain(SteadyTime deadline) {
    park_.start_draining();
    return park_.wait_until_empty(deadline);
}

bool ConnectionDriver::advance(Connection& connection) {
    if (connection.has_output()) return advance_sending(connection);
    if (connection.stream() != nullptr) return advance_streaming(connection);
    if (connection.phase() == Phase::lingering) return advance_lingering(connection);
    return advance_receiving(connection);
}

bool ConnectionDriver::advance_receiving(Connection& connection) {
    const FramingVerdict verdict = connection.scan();
    if (const auto* const request = std::get_if<FramedRequest>(&verdict)) {
        return answer(connection, *request);
    }
    if (const auto* const error = std::get_if<FramingError>(&verdict)) {
        refuse(connection, error->status, error->detail, why_turned_away(*error));
        return true;
    }
    if (std::get<IncompleteRequest>(verdict).awaits_continue) {
        connection.queue_output("HTTP/1.1 100 Continue\r\n\r\n", AfterOutput::stay_open);
        return true;
    }
    switch (connection.receive()) {
        case Io::done:
            return true;
        case Io::ended:
            return close(connection);
        case Io::would_block:
            break;
    }
    if (!connection.has_input()) return park(connection, Phase::idle);
    connection.acknowledge_input();
    return park(connection, Phase::receiving);
}

bool ConnectionDriver::advance_sending(Connection& connection) {
    switch (connection.send_output()) {
        case Io::done:
            break;
        case Io::ended:
            return close(connection);
        case Io::would_block:
            return park(connection, Phase::sending);
    }
    if (connection.stream() != nullptr) {
        // What comes next has its own time to be sent in.
        connection.enter(Phase::active, SteadyTime::max());
        return true;
    }
    if (connection.after_output() == AfterOutput::linger) {
        connection.start_lingering(now() + linger_limit);
    }
    return true;
}

bool ConnectionDriver::advance_streaming(Connection& connection) {
    StreamBuffer::Pending pending = connection.stream()->take();
    const bool is_over = is_stopping_ || pending.next == StreamBuffer::Pending::Next::complete;
    if (pending.next == StreamBuffer::Pending::Next::broken ||
        (connection.has_client_left() && !is_over)) {
        return close(connection);
    }
    const bool is_cut_short = is_over && pending.next == StreamBuffer::Pending::Next::more;
    if (is_cut_short) pending.bytes += connection.farewell();
    std::string bytes =
        pending.bytes.empty() ? std::string() : to_chunk(pending.bytes, connection.form());
    if (is_over) {
        connection.form().closes = connection.form().closes || closes_with_answers_;
        bytes += to_chunk({}, connection.form());
    }
    if (bytes.empty() && !is_over) return park(connection, Phase::streaming);
    queue(connection, std::move(bytes));
    if (!is_over) return true;
    connection.end_stream();
    return advance_sending(connection);
}

bool ConnectionDriver::advance_lingering(Connection& connection) {
    if (connection.discard_input() == Io::ended) return close(connection);
    return park(connection, Phase::lingering);
}

bool ConnectionDriver::park(Connection& connection, Phase phase) {
    const auto limit = phase == Phase::idle ? limits_.idle_limit : limits_.transfer_limit;
    connection.enter(phase, phase == Phase::streaming ? SteadyTime::max() : now() + limit);
    const Parking parking = park_.park(connection);
    if (parking == Parking::parked) return false;
    if (parking == Parking::has_news) return true;
    if (phase == Phase::streaming && parking == Parking::draining) return true;
    // Tell clients that were sending a request; close the others silently.
    if (phase != Phase::receiving) return close(connection);
    if (parking == Parking::overdue) {
        refuse(connection, 408, "The request took too long to arrive.", TurnedAway::timeout);
    } else if (parking == Parking::draining) {
        refuse(connection, 503, "The server is stopping.", std::nullopt);
    } else {
        refuse(connection, 503, "The server is receiving too much at once.", TurnedAway::memory);
    }
    return true;
}

bool ConnectionDriver::close(Connection& connection) {
    park_.close(connection);
    return false;
}

bool ConnectionDriver::answer(Connection& connection, const FramedRequest& request) {
    // What may throw comes before the reply: afterwards the connection may be another thread's.
    if (connection.is_output_watched()) park_.watch_input(connection);
    connection.expect_answer(form_of_response_to(request),
                             RequestLog(request, limits_.is_access_logged));
    connection.request_count().begin(traffic_);
    const std::size_t request_bytes = request.total_bytes;
    responder_.answer(request, Reply(*this, connection));
    connection.finish_request(request_bytes);
    // What follows a request waits for its answer: if there is no room for that, it is lost.
    if (connection.has_input() && !connection.is_answered() && !park_.count_held(connection)) {
        connection.drop_input();
        connection.form().closes = true;
    }
    ++awaited_answers_;
    if (!connection.leave_handler()) return false;
    --awaited_answers_;
    queue_answer(connection);
    return true;
}

// On the thread that has the answer, after the handler's has left.
void ConnectionDriver::send_answer(Connection& connection) noexcept {
    const bool are_few_awaited = --awaited_answers_ < max_awaited_by_the_way;
    try {
        if (!are_few_awaited) return park_.pass_on(connection);
        send_late_answer(connection);
    } catch (const std::exception& error) {
        note_loss(error);
        park_.close(connection);
    }
}

void ConnectionDriver::wake(std::uint64_t connection_id) noexcept {
    try {
        park_.wake(connection_id);
    } catch (const std::exception& error) {
        note_loss(error);
    }
}

// Sends only the answer: what the client has sent meanwhile comes after what others have sent.
void ConnectionDriver::send_late_answer(Connection& connection) {
    queue_answer(connection);
    if (!advance_sending(connection)) return;
    const bool is_served_on =
        connection.phase() == Phase::lingering || connection.stream() != nullptr ||
        park(connection, connection.may_have_input() ? Phase::sending : Phase::idle);
    if (is_served_on) park_.pass_on(connection);
}

void ConnectionDriver::queue_answer(Connection& connection) {
    connection.form().closes = connection.form().closes || closes_with_answers_;
    Answer answer = connection.take_answer();
    if (auto* const start = std::get_if<StreamStart>(&answer)) {
        return start_stream(connection, std::move(*start));
    }
    const auto* const make = std::get_if<ResponseMaker>(&answer);
    const RequestId& id = connection.form().request_id;
    Response response =
        make != nullptr ? made_by(*make, id) : std::move(std::get<Response>(answer));
    add_request_id(response, id.text());
    connection.request_log().note_status(response.status);
    connection.request_count().end(response.status);
    queue(connection, to_bytes(response, connection.form()));
    connection.log_answer();
}

void ConnectionDriver::start_stream(Connection& connection, StreamStart start) {
    ResponseForm& form = connection.form();
    form.closes = form.closes || form.is_http_1_0;  // the body's end is the connection's
    // Before anything that may fail: from here on it ends with the connection.
    connection.begin_stream(std::move(start.buffer), start.options);
    connection.request_log().note_status(start.head.status);
    connection.request_count().leave_out_time();
    connection.request_count().end(start.head.status);
    queue(connection, stream_head(start.head, form));
    if (form.is_to_head) connection.end_stream();
}

// The client may be sending its next request: closing right away could destroy this answer.
void ConnectionDriver::queue(Connection& connection, std::string bytes) {
    connection.request_log().note_sent(bytes.size());
    connection.queue_output(
        std::move(bytes), connection.form().closes ? AfterOutput::linger : AfterOutput::stay_open);
}

// Nothing that follows on this connection can be trusted to be a request, or is wanted.
void ConnectionDriver::refuse(Connection& connection, int status, std::string_view detail,
                              std::optional<TurnedAway> reason) {
    if (reason) traffic_.turn_away(*reason);
    const ResponseForm form{.is_to_head = connection.is_receiving_head(),
                            .request_id = RequestId::make()};
    log::debug("request refused",
               {{"status", status}, {"detail", detail}, {"request_id", form.request_id.text()}});
    connection.expect_answer(
        form, RequestLog::of_refused(connection.received_bytes(), limits_.is_access_logged));
    Response response = problem_for(status, detail);
    add_request_id(response, form.request_id.text());
    connection.request_log().note_status(status);
    queue(connection, to_bytes(response, form));
    connection.log_answer();
}

}  // namespace orders::http
