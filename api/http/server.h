#pragma once

// HTTP/1.1 for a few routes and thousands of connections, on top of cpp-httplib (which parses
// request lines, matches routes and formats responses) with our own handling of connections in
// front; what a connection's life looks like is in connection.h.
//
// Idle connections are parked in epoll and cost no thread. A request is collected, without blocking
// anybody, until all of it is there; only then does it get one of the handler threads. One
// deadline and one byte budget hold for the whole request, however its body is framed, so slow
// senders and endless headers cannot hold a thread or fill the memory. What a client is slow to
// read is sent from epoll too. Framing that could be read in two ways is refused and the connection
// closed (RFC 9112, section 6.3 and 11.2).
//
// The rest of the project sees HttpRequest and HttpResponse; only exchange.h, router.h,
// server.cpp and client.cpp know the library.

#include <chrono>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace orders {

struct HttpRequest {
    std::string method;                        // upper case; HEAD arrives as GET
    std::string path;                          // percent-decoded but for %2F, without the query
    std::vector<std::string> path_parameters;  // what the {} of the route matched, in order
    std::vector<std::pair<std::string, std::string>> query;  // decoded, in the order given
    std::string content_type;                                // as sent; empty where there is none
    std::string body;
};

struct HttpResponse {
    int status = 200;
    std::string content_type = "application/json; charset=utf-8";
    // Beyond length and content type.
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};
};

// Answers a request; to be called exactly once, from any thread. The response is made and sent on
// that thread or on a handler thread; making it must need nothing that may be gone by then, and an
// exception then is as one of a handler. Copies are the same reply.
using HttpResponseMaker = std::function<HttpResponse()>;
using HttpReply = std::function<void(HttpResponseMaker)>;

// What a handler returns whose answer has to wait for something: no thread waits with it. `start`
// is called once, right after the handler, and sees to it that the reply is called; where it
// throws, it must not be.
struct HttpLater {
    std::function<void(HttpReply)> start;
};

// Runs on a handler thread, several at a time. An exception becomes the answer of `on_error` with
// status 500, and a log line.
using HttpResult = std::variant<HttpResponse, HttpLater>;
using HttpHandler = std::function<HttpResult(const HttpRequest&)>;

// Asked about every request that is well framed, before anything else is done with it: an answer of
// its own is the request's answer, none lets the request pass. `target` is as sent, with its query;
// `authorization` is the value of the header of that name, empty where there is none (two are a
// 400). Runs on several threads at a time.
using HttpGuard = std::function<std::optional<HttpResponse>(std::string_view target,
                                                            std::string_view authorization)>;

// Makes the answer for what the server itself has to refuse (400, 404, 405, 408, 413, 414, 415,
// 431, 500, 501, 503, 505). `detail` is a sentence for the client. Runs on several threads at a
// time.
using HttpErrorHandler = std::function<HttpResponse(int status, std::string_view detail)>;

struct HttpServerOptions {
    std::string host = "127.0.0.1";
    int port = 0;  // 0: any free one
    std::size_t handler_threads = 8;
    // Connections beyond this, or beyond what the process's limit of open files allows when the
    // server is made, get a 503 and are closed.
    std::size_t max_connections = 8'000;
    std::size_t max_header_bytes = 16 * 1024;  // request line and headers together
    std::size_t max_body_bytes = 1024 * 1024;
    // What unfinished requests and unsent responses may take of the memory, all clients together. A
    // client that would need more is answered with 503, or cut off where it was being answered.
    // What a client sends on while it waits for an answer is beyond this, up to 64 KiB each.
    std::size_t max_buffered_bytes = 64 * 1024 * 1024;
    // From a request's first byte to its last, and from a response's first byte to its last.
    std::chrono::milliseconds transfer_limit{10'000};
    // How long a connection may wait for its next request.
    std::chrono::milliseconds idle_limit{60'000};
};

class HttpServer {
   public:
    HttpServer(HttpServerOptions options, HttpErrorHandler on_error);
    // run() must have returned, or never been called, and no reply may be owed any more.
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    // Before run(). Without one every request passes.
    void guard(HttpGuard guard);

    // Before run(). `pattern` is a path in which each `{}` stands for one segment of up to 128
    // characters other than `/`. Methods are GET, POST, PUT, PATCH and DELETE; any other, and any
    // that is not listed, is answered with 405 and `Allow`; HEAD goes wherever GET goes. Routes
    // match in the order in which they were added.
    void route(std::string_view pattern,
               std::initializer_list<std::pair<std::string_view, HttpHandler>> handlers);

    // Binds the port and returns it; connections queue from here on. Throws std::system_error, also
    // where another process has the port.
    int bind();

    // Serves until stop(), then drains: accepts nothing more, closes idle connections, answers the
    // requests that have arrived in full (with `Connection: close`) and those that have not with
    // 503, and returns when the last answer is out and no handler runs any more. Connections that
    // are left `drain_limit` after stop() are cut off. Throws std::runtime_error where accepting
    // fails for good.
    void run(std::chrono::milliseconds drain_limit);

    // From any thread, any number of times, before run() too (run() then returns at once).
    void stop() noexcept;

   private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace orders
