#pragma once

// The answer that a request is owed. It is given once, which its type ensures: immediately or
// later, whole or as a stream, by any thread. A Reply that is dropped unused answers 500 and logs
// it, so no client waits for ever.
//
//     server.add({"GET", "/x", Scope::read,
//                 [](const Request&, Reply reply) { std::move(reply).send({...}); }});
//
// Belongs to one thread at a time. The server must outlive every Reply and every Stream.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "api/http/connection.h"
#include "api/http/message.h"
#include "api/http/stream_buffer.h"
#include "api/http/traffic.h"

namespace orders::http {

// The server, as replies see it: it looks after connections that have news. For any thread.
class ConnectionKeeper {
   public:
    virtual ~ConnectionKeeper() = default;
    // An answer is not about to come, or is again.
    virtual void count_awaited(bool is_awaited) noexcept = 0;
    // The answer is in the connection, and the connection is the keeper's again.
    virtual void send_answer(Connection& connection) noexcept = 0;
    // The connection of that id has something to do, if it is still there.
    virtual void wake(std::uint64_t connection_id) noexcept = 0;
    [[nodiscard]] virtual std::size_t max_stream_bytes() const noexcept = 0;
};

// The body of a response, piece by piece, for as long as the client stays. It can end in four ways:
// - By end(): the client gets the end of the body after the last piece.
// - Dropped without end(): the connection is cut, so that the client does not take what it has
//   received for the whole.
// - The client has left, or reads too slowly: the connection is cut. A client that closes its
//   sending side counts as one that has left, even though it may still read.
// - The server stops: the client gets what has been written so far and then the end of the body, as
//   if it were complete. A body whose end matters must show it by itself, for instance by its last
//   line; StreamOptions can have one for this case.
// The writer learns of the last two at its next write() or room() only, also after the server's
// drain limit, when connections are cut off: nobody wakes a writer that has nothing to write.
class Stream {
   public:
    Stream(ConnectionKeeper& keeper, std::uint64_t connection_id,
           std::shared_ptr<StreamBuffer> buffer)
        : keeper_(&keeper), connection_id_(connection_id), buffer_(std::move(buffer)) {}
    Stream(Stream&&) noexcept = default;
    Stream& operator=(Stream&&) = delete;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream();

    // Sends a piece, without waiting. False if it is not sent, nor anything after it: the client
    // has left, the server is stopping, or the client reads so slowly that more than
    // ServerOptions::max_stream_bytes would be outstanding. Such a client's connection is cut.
    [[nodiscard]] bool write(std::string_view piece);
    // How large a piece write() would take now; empty if it would take none any more.
    [[nodiscard]] std::optional<std::size_t> room() const { return buffer_->room(); }
    // The body is complete, with a last piece, however much is outstanding.
    void end(std::string_view last = {}) &&;

   private:
    void finish(bool is_complete, std::string_view last = {});

    ConnectionKeeper* keeper_;
    std::uint64_t connection_id_;
    std::shared_ptr<StreamBuffer> buffer_;  // null once moved from or ended
};

class Reply {
   public:
    Reply(ConnectionKeeper& keeper, Connection& connection)
        : keeper_(&keeper), connection_(&connection) {}
    Reply(Reply&& other) noexcept
        : keeper_(other.keeper_),
          connection_(std::exchange(other.connection_, nullptr)),
          is_set_aside_(other.is_set_aside_) {}
    Reply& operator=(Reply&&) = delete;
    Reply(const Reply&) = delete;
    Reply& operator=(const Reply&) = delete;
    ~Reply();

    void send(Response response) &&;
    // The response is made on this thread or on a handler thread, whichever is better now; an
    // exception is treated like one from a handler.
    void send_made_by(ResponseMaker make) &&;
    // Sends the head; its body is not sent. In answer to HEAD nothing follows: the stream is over.
    // The status must be one that may have a body: neither 204 nor 304.
    [[nodiscard]] Stream stream(Response head, const StreamOptions& options = {}) &&;

    // Until the answer is given: what the request is called, what the log says of it, and which web
    // page may read the answer (ResponseForm::allowed_origin).
    [[nodiscard]] const RequestId& request_id() const noexcept {
        return connection_->form().request_id;
    }
    [[nodiscard]] RequestLog& log() noexcept { return connection_->request_log(); }
    void allow_origin(std::string_view origin) noexcept {
        connection_->form().allowed_origin = origin;
    }

    // How an answer that has been made is sent depends on how many others are about to come. One
    // that may be long in coming is set aside, so that it does not count, and taken up when it is
    // to be given, together with others: these are then sent by several threads. (A reply that is
    // given is taken up by that.)
    void set_aside() noexcept;
    void take_up() noexcept;

    // Which route the request is for, as far as it is counted.
    void note_route(RouteTraffic& route) noexcept {
        connection_->request_count().note_route(route);
    }

    // Whether the client has closed its sending side, be it since it sent the request or together
    // with it. Most likely it has left, and work that only it wants is wasted; but it may only have
    // said that it asks nothing more, so an answer is sent all the same; a stream is cut.
    [[nodiscard]] bool has_client_left() const noexcept { return connection_->has_client_left(); }

   private:
    void give(Answer answer) noexcept;

    ConnectionKeeper* keeper_;
    Connection* connection_;  // null once moved from or given
    bool is_set_aside_ = false;
};

}  // namespace orders::http
