#include "api/http/connection_driver.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <exception>
#include <utility>
#include <variant>

#include "shared/log/log.h"

namespace orders {
namespace {

using Phase = HttpConnection::Phase;
using Io = HttpConnection::Io;
using AfterOutput = HttpConnection::AfterOutput;
using Parking = ConnectionPark::Parking;

constexpr std::chrono::seconds linger_limit{2};
// Connections that may be told at one time that they are one too many.
constexpr std::size_t max_turned_away = 32;
// After so many steps with one connection the others have a turn: 20 pipelined requests or so.
constexpr int max_steps_in_a_row = 64;
// While so few answers are awaited, the thread that has one also sends it: waking a handler thread
// for it would take longer. With more, it has better things to do.
constexpr std::size_t max_awaited_by_the_way = 4;

SteadyTime now() {
    return std::chrono::steady_clock::now();
}

// Of memory or descriptors running out; responders catch what is theirs.
void log_loss(const std::exception& error) {
    log::error("connection dropped", {{"error", error.what()}});
}

}  // namespace

HttpConversations::HttpConversations(const ConversationLimits& limits, HttpResponder& responder)
    : limits_(limits), responder_(responder), park_(limits.framing, limits.max_buffered_bytes) {}

void HttpConversations::admit(FileDescriptor socket) noexcept {
    HttpConnection* connection = nullptr;
    try {
        const std::size_t open = park_.size();
        if (open >= limits_.max_connections + max_turned_away) return;
        int yes = 1;
        ::ioctl(socket.get(), FIONBIO, &yes);
        ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        connection = &park_.admit(std::move(socket));
        if (open < limits_.max_connections) {
            park(*connection, Phase::idle);
            return;
        }
        refuse(*connection, 503, "The server has as many connections as it can serve.");
        while (advance(*connection)) {
        }
    } catch (const std::exception& error) {
        log_loss(error);
        if (connection != nullptr) park_.close(*connection);
    }
}

void HttpConversations::carry_on() {
    while (HttpConnection* const connection = park_.next()) serve(*connection);
}

void HttpConversations::serve(HttpConnection& connection) noexcept {
    try {
        if (connection.has_late_answer()) return send_late_answer(connection);
        for (int steps = 1; advance(connection); ++steps) {
            if (steps < max_steps_in_a_row || connection.phase() != Phase::active) continue;
            // Until its socket takes more bytes: which it does, but others come first.
            if (!park(connection, Phase::sending)) break;
        }
    } catch (const std::exception& error) {
        log_loss(error);
        park_.close(connection);
    }
}

bool HttpConversations::drain(SteadyTime deadline) {
    park_.start_draining();
    return park_.wait_until_empty(deadline);
}

bool HttpConversations::advance(HttpConnection& connection) {
    if (connection.has_output()) return advance_sending(connection);
    if (connection.phase() == Phase::lingering) return advance_lingering(connection);
    return advance_receiving(connection);
}

bool HttpConversations::advance_receiving(HttpConnection& connection) {
    const FramingVerdict verdict = connection.scan();
    if (const auto* const request = std::get_if<FramedRequest>(&verdict)) {
        return answer(connection, *request);
    }
    if (const auto* const error = std::get_if<FramingError>(&verdict)) {
        refuse(connection, error->status, error->detail);
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
    return park(connection, connection.has_input() ? Phase::receiving : Phase::idle);
}

bool HttpConversations::advance_sending(HttpConnection& connection) {
    switch (connection.send_output()) {
        case Io::done:
            break;
        case Io::ended:
            return close(connection);
        case Io::would_block:
            return park(connection, Phase::sending);
    }
    switch (connection.after_output()) {
        case AfterOutput::stay_open:
            break;
        case AfterOutput::linger:
            connection.start_lingering(now() + linger_limit);
    }
    return true;
}

bool HttpConversations::advance_lingering(HttpConnection& connection) {
    if (connection.discard_input() == Io::ended) return close(connection);
    return park(connection, Phase::lingering);
}

bool HttpConversations::park(HttpConnection& connection, Phase phase) {
    connection.enter(phase,
                     now() + (phase == Phase::idle ? limits_.idle_limit : limits_.transfer_limit));
    const Parking parking = park_.park(connection);
    if (parking == Parking::parked) return false;
    // Who was about to ask something is told; to the others there is nothing to say.
    if (phase != Phase::receiving) return close(connection);
    if (parking == Parking::overdue) {
        refuse(connection, 408, "The request took too long to arrive.");
    } else if (parking == Parking::draining) {
        refuse(connection, 503, "The server is stopping.");
    } else {
        refuse(connection, 503, "The server is receiving too much at once.");
    }
    return true;
}

bool HttpConversations::close(HttpConnection& connection) {
    park_.close(connection);
    return false;
}

bool HttpConversations::answer(HttpConnection& connection, const FramedRequest& request) {
    auto answer = responder_.answer(request);
    connection.finish_request(request);
    if (auto* const now = std::get_if<HttpAnswer>(&answer)) {
        queue(connection, std::move(*now));
        return true;
    }
    ++awaited_answers_;
    std::get<HttpResponder::AnswerLater>(answer)(
        [this, &connection](HttpAnswerMaker make) { deliver(connection, std::move(make)); });
    return false;
}

// On the thread that has the answer.
void HttpConversations::deliver(HttpConnection& connection, HttpAnswerMaker make) noexcept {
    connection.set_late_answer(std::move(make));
    const bool are_few_awaited = --awaited_answers_ < max_awaited_by_the_way;
    try {
        if (!are_few_awaited) return park_.pass_on(connection);
        send_late_answer(connection);
    } catch (const std::exception& error) {
        log_loss(error);
        park_.close(connection);
    }
}

// And nothing more: what the client has sent meanwhile comes after what others have sent.
void HttpConversations::send_late_answer(HttpConnection& connection) {
    const HttpAnswerMaker make = connection.take_late_answer();
    queue(connection, make());
    if (!advance_sending(connection)) return;
    const bool is_lingering = connection.phase() == Phase::lingering;
    park(connection, is_lingering             ? Phase::lingering
                     : connection.has_input() ? Phase::sending
                                              : Phase::idle);
}

void HttpConversations::queue(HttpConnection& connection, HttpAnswer answer) {
    // The client may be sending its next request: closing right away could destroy this answer.
    connection.queue_output(std::move(answer.bytes),
                            answer.closes ? AfterOutput::linger : AfterOutput::stay_open);
}

// Nothing that follows on this connection can be trusted to be a request, or is wanted.
void HttpConversations::refuse(HttpConnection& connection, int status, std::string_view detail) {
    connection.queue_output(responder_.refuse(status, detail).bytes, AfterOutput::linger);
}

}  // namespace orders
