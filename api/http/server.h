#pragma once

// HTTP/1.1 for a few routes and thousands of connections. cpp-httplib listens and matches routes;
// the connections in front of it and the answers behind it are our own. What a connection's life
// looks like is in connection.h.
//
// Idle connections are parked in epoll and cost no thread. A request is collected, without blocking
// anybody, until all of it is there; only then does it get one of the handler threads. One
// deadline and one byte budget hold for the whole request, however its body is framed, so slow
// senders and endless headers cannot hold a thread or fill the memory. An answer that a client is
// slow to read is sent from epoll too. Framing that could be read in two ways is refused and the
// connection closed (RFC 9112, section 6.3 and 11.2).
//
// A server may be asked to stop some time before it does, so that whoever spreads requests over
// several servers can look away from it first: announce_stop().
//
// The rest of the project sees the messages (message.h), the routes (router.h) and the replies
// (reply.h); only route_matcher.cpp, server.cpp and client.cpp know the library.

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "api/http/listening_socket.h"
#include "api/http/request_scanner.h"
#include "api/http/router.h"
#include "api/http/traffic.h"

namespace orders::http {

struct ServerOptions {
    std::string host = "127.0.0.1";  // as listen_on() takes it
    int port = 0;                    // 0: any free one
    std::size_t handler_threads = 8;
    // Connections beyond this, or beyond what the process's limit of open files allows when the
    // server is made, get a 503 and are closed.
    std::size_t max_connections = 8'000;
    // How many of those files the rest of the process may need.
    std::size_t other_descriptors = 64;
    std::size_t max_header_bytes = 16 * 1024;  // request line and headers together
    std::size_t max_body_bytes = 1024 * 1024;
    std::vector<BodyLimit> other_bodies = {};  // the paths must outlive the server
    // How much memory may be taken, all clients together, by unfinished requests, unsent responses,
    // and what clients send on while they wait for an answer. A client that would need more is
    // answered with 503, or cut off if it was being answered; what it sent on is dropped.
    std::size_t max_buffered_bytes = 64 * 1024 * 1024;
    // What the reader of one stream may leave outstanding before it is cut off. It counts for each
    // stream by itself and in addition to the above: all together may take max_connections times
    // as much memory.
    std::size_t max_stream_bytes = 256 * 1024;
    // Whether each request is logged once it is answered (request_log.h).
    bool is_access_logged = false;
    // From a request's first byte to its last, and from a response's first byte to its last.
    std::chrono::milliseconds transfer_limit{10'000};
    // How long a connection may wait for its next request. Proxies, which wait for 60 s, should be
    // the ones that close: a request that meets a closing connection is lost.
    std::chrono::milliseconds idle_limit{120'000};
    // How long the server serves on after announce_stop().
    std::chrono::milliseconds stop_delay{0};
};

class Server {
   public:
    // Throws std::runtime_error if the limit of open files leaves no connection.
    explicit Server(ServerOptions options);
    // run() must have returned, or never been called, and every reply and stream must be gone.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // As the functions of Router, before run().
    void add(Route route);
    void set_guard(std::unique_ptr<const Guard> guard);
    void set_origins(Origins origins);

    // Binds the port, and says where; connections queue from here on. Throws as listen_on() does,
    // for example if another process has the port.
    Endpoint bind();

    // Serves until stop(), then drains: accepts nothing more, closes idle connections, ends
    // streams, answers the requests that have arrived in full (with `Connection: close`) and those
    // that have not with 503, and returns when the last answer is out and no handler runs any more.
    // Connections that are left `drain_limit` after stop() are cut off. Throws std::runtime_error
    // if accepting fails for good.
    void run(std::chrono::milliseconds drain_limit);

    // How many connections are served at a time: no more than the limit of open files allowed when
    // the server was made.
    [[nodiscard]] std::size_t max_connections() const noexcept;

    // What it has counted so far. For any thread; the server must outlive its use.
    [[nodiscard]] const Traffic& traffic() const noexcept;

    // These may be called from any thread, any number of times, even before run(), which then
    // returns at once.
    //
    // From here on every answer closes its connection, and `stop_delay` later the server stops;
    // until then it serves old and new connections as before.
    void announce_stop() noexcept;
    // At once, whatever was announced.
    void stop() noexcept;

   private:
    class Listener;
    std::unique_ptr<Listener> listener_;
};

}  // namespace orders::http
