#pragma once

// Takes connections through their life (drawn in connection.h): reads requests, has them
// answered, sends the answers, and parks the connection whenever there is nothing to do for it but
// to wait. A few threads in carry_on() serve any number of connections; a client that is slow to
// send or to read holds none of them.
//
// What the answers say is the responder's business. It is called from several threads at a time,
// with requests that have arrived in full. Where an answer has to wait for something, it comes
// later, from whichever thread has it; meanwhile the connection belongs to nobody here and costs no
// thread.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include "api/http/connection.h"
#include "api/http/connection_park.h"
#include "api/http/request_scanner.h"
#include "shared/os/file_descriptor.h"

namespace orders {

class HttpResponder {
   public:
    // Has the answer made and sent, here or on a handler thread; to be called exactly once, from
    // any thread.
    using Deliver = std::function<void(HttpAnswerMaker)>;
    // Sees to it that the answer is delivered, now or later.
    using AnswerLater = std::function<void(Deliver)>;

    virtual ~HttpResponder() = default;
    // An AnswerLater is called when the request is no longer needed.
    virtual std::variant<HttpAnswer, AnswerLater> answer(const FramedRequest& request) = 0;
    // For what is not a request, or will not be served. The connection is closed after it.
    virtual HttpAnswer refuse(int status, std::string_view detail) = 0;
};

struct ConversationLimits {
    FramingLimits framing;
    std::size_t max_connections = 0;
    std::size_t max_buffered_bytes = 0;
    std::chrono::milliseconds transfer_limit{0};
    std::chrono::milliseconds idle_limit{0};
};

// All functions may be called from any thread.
class HttpConversations {
   public:
    // The responder and this must outlive the last carry_on() and the last answer that comes later.
    HttpConversations(const ConversationLimits& limits, HttpResponder& responder);

    // Takes in a socket that was just accepted. Never waits. A connection that is one too many is
    // told so and closed.
    void admit(FileDescriptor socket) noexcept;

    // The work of a handler thread: returns after end().
    void carry_on();

    // Ends the connections that no request has arrived on, and waits until the others have got
    // their answers; false where some have not at `deadline`.
    [[nodiscard]] bool drain(SteadyTime deadline);
    void end() noexcept { park_.shut(); }
    [[nodiscard]] std::size_t open_connections() const { return park_.size(); }

   private:
    // Each takes a connection a step further. False once it is parked, closed, or waits for its
    // answer: from then on it belongs to somebody else, or is gone.
    bool advance(HttpConnection& connection);
    bool advance_receiving(HttpConnection& connection);
    bool advance_sending(HttpConnection& connection);
    bool advance_lingering(HttpConnection& connection);
    bool park(HttpConnection& connection, HttpConnection::Phase phase);
    bool close(HttpConnection& connection);

    bool answer(HttpConnection& connection, const FramedRequest& request);
    void deliver(HttpConnection& connection, HttpAnswerMaker make) noexcept;
    void serve(HttpConnection& connection) noexcept;
    void send_late_answer(HttpConnection& connection);
    static void queue(HttpConnection& connection, HttpAnswer answer);
    void refuse(HttpConnection& connection, int status, std::string_view detail);

    // Constant after construction.
    ConversationLimits limits_;
    HttpResponder& responder_;

    // Synchronise themselves.
    ConnectionPark park_;
    std::atomic<std::size_t> awaited_answers_ = 0;
};

}  // namespace orders
